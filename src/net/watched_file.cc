#include "net/watched_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace weir::net {
namespace {

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

class Opened {
 public:
  // O_NONBLOCK, for the case that it is a pipe.
  explicit Opened(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  Opened(const Opened&) = delete;
  ~Opened() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string read_lines(int descriptor, size_t size, size_t most) {
  std::string content(std::min(size, most) + 1, '\0');
  size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t n = read(descriptor, content.data() + filled, content.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    filled += static_cast<size_t>(n);
  }
  const bool cut = filled == content.size();
  content.resize(filled);
  if (cut) content.resize(content.rfind('\n') + 1);  // npos + 1 is 0.
  return content;
}

}  // namespace

bool WatchedFile::Look::operator==(const Look& other) const {
  return there == other.there && device == other.device && inode == other.inode && size == other.size &&
         same(modified, other.modified) && same(status_changed, other.status_changed);
}

std::optional<std::string> WatchedFile::changed(uint64_t now_ms) {
  if (last_ && now_ms < next_check_ms_) return std::nullopt;
  next_check_ms_ = now_ms + kCheckMs;
  Look look;
  struct stat status{};
  const auto take = [&] {
    if (!S_ISREG(status.st_mode)) return;
    look = {true, status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim};
  };
  if (stat(path_.c_str(), &status) == 0) take();
  if (last_ == look) return std::nullopt;
  std::string content;
  if (look.there) {
    const Opened file(path_);
    // It is there, and there is no descriptor to read it with: what it said holds until there is one.
    if (file.get() < 0 && (errno == EMFILE || errno == ENFILE)) return std::nullopt;
    // What was opened counts: it may have been replaced since.
    look = {};
    if (file.get() >= 0 && fstat(file.get(), &status) == 0) take();
    if (look.there) content = read_lines(file.get(), static_cast<size_t>(look.size), most_);
  }
  last_ = look;
  return content;
}

}  // namespace weir::net
