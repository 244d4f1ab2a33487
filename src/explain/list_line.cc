#include "explain/list_line.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/text.h"

namespace weir::explain {
namespace {

/// Of an entry; longer lines are none (match/list_reader.h).
constexpr size_t kLongestLine = 4096;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  const int descriptor_;
};

/// Opening a FIFO without O_NONBLOCK would wait for its writer.
bool is_ordinary(const Descriptor& file) {
  struct stat status{};
  return file.get() >= 0 && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
}

/// Counts line ends up to the line that is wanted, and keeps that one.
class LineFinder {
 public:
  explicit LineFinder(uint64_t number) : left_(number - 1) {}

  /// False: nothing more is needed.
  bool take(std::string_view bytes) {
    while (left_ > 0) {
      const size_t end = bytes.find('\n');
      if (end == std::string_view::npos) return true;
      bytes.remove_prefix(end + 1);
      --left_;
    }
    const size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    return end == std::string_view::npos && line_.size() <= kLongestLine;
  }
  std::string line() const {
    std::string_view line = line_;
    if (line.size() > kLongestLine) return {};
    if (line.ends_with('\r')) line.remove_suffix(1);
    return std::string(base::trim(line));
  }

 private:
  uint64_t left_;
  std::string line_;
};

}  // namespace

std::string line_at(std::string_view place) {
  const size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return {};
  const auto number = base::parse_decimal<uint64_t>(place.substr(colon + 1));
  if (!number || *number == 0) return {};
  const std::string path(place.substr(0, colon));
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!is_ordinary(file)) return {};
  LineFinder finder(*number);
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || !finder.take({buffer.data(), static_cast<size_t>(size)})) break;
  }
  return finder.line();
}

}  // namespace weir::explain
