#include "base/watched_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir::base {
namespace {

constexpr const char* kNotOrdinary = "it is no ordinary file";

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

std::string unreadable(int error) {
  return std::string("it can't be read: ") + std::strerror(error);
}

class Opened {
 public:
  // O_NONBLOCK, in case the file has become a FIFO since the caller looked.
  explicit Opened(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  Opened(const Opened&) = delete;
  ~Opened() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// The error is errno.
std::expected<WatchedFile::Content, int> read_lines(int descriptor, size_t size, size_t most) {
  std::string text(std::min(size, most) + 1, '\0');
  size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t n = read(descriptor, text.data() + filled, text.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(errno);
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  const bool cut = filled == text.size();
  text.resize(filled);
  if (cut) text.resize(text.rfind('\n') + 1);  // npos + 1 is 0.
  return WatchedFile::Content{std::move(text), cut};
}

}  // namespace

bool WatchedFile::Stamp::operator==(const Stamp& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         same(modified, other.modified) && same(status_changed, other.status_changed);
}

WatchedFile::Stamp WatchedFile::stamp_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim};
}

std::optional<WatchedFile::Read> WatchedFile::take() {
  stamp_.reset();
  struct stat status{};
  // Check the type before opening: opening a device may have effects, and opening a FIFO would tell
  // its writer that there is a reader.
  if (stat(path_.c_str(), &status) != 0) return why(unreadable(errno));
  if (!S_ISREG(status.st_mode)) return why(kNotOrdinary);
  const Opened file(path_);
  if (file.get() < 0 && (errno == EMFILE || errno == ENFILE)) return std::nullopt;
  // The file may have been replaced since, so look at what was really opened.
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return why(unreadable(errno));
  if (!S_ISREG(status.st_mode)) return why(kNotOrdinary);
  auto content = read_lines(file.get(), static_cast<size_t>(status.st_size), most_);
  if (!content) return why(unreadable(content.error()));
  // The stamp is from before the read, so that a change during the read is seen the next time.
  stamp_ = stamp_of(status);
  return *std::move(content);
}

WatchedFile::Read WatchedFile::read() {
  auto taken = take();
  if (!taken) return why(unreadable(EMFILE));
  looked_ = true;
  error_ = *taken ? std::string() : taken->error();
  return *std::move(taken);
}

std::optional<WatchedFile::Read> WatchedFile::look() {
  struct stat status{};
  if (stamp_ && stat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      stamp_of(status) == *stamp_)
    return std::nullopt;
  auto taken = take();
  // No descriptor is left to read the file with: the content read before holds until there is one.
  if (!taken) return std::nullopt;
  const std::string error = *taken ? std::string() : taken->error();
  const bool told = looked_ && !error.empty() && error == error_;
  looked_ = true;
  error_ = error;
  if (told) return std::nullopt;
  return taken;
}

std::optional<std::string> WatchedFile::changed(uint64_t now_ms) {
  if (looked_ && now_ms < next_check_ms_) return std::nullopt;
  next_check_ms_ = now_ms + kCheckMs;
  const bool empty_before = looked_ && !error_.empty();
  auto found = look();
  // The file counted as empty before, and still does: another error is no change.
  if (!found || (!*found && empty_before)) return std::nullopt;
  return *found ? std::move(**found).text : std::string();
}

}  // namespace weir::base
