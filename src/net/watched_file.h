// A small file that is read again when it has changed.
#pragma once
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace weir::net {

/// A file of the system's configuration, such as /etc/hosts. Looked at when asked, at most once a second, and read only when its
/// inode, size or times have changed. Reads at the caller's expense: for small files.
class WatchedFile {
 public:
  static constexpr uint64_t kCheckMs = 1000;

  /// Of a larger file the first `most` bytes are taken, up to the end of a line.
  WatchedFile(std::string path, size_t most) : path_(std::move(path)), most_(most) {}

  /// The content, the first time and whenever the file has changed; empty for one that is missing or no regular file.
  /// `now_ms` is base::monotonic_ms. Nothing: as before.
  std::optional<std::string> changed(uint64_t now_ms);

 private:
  struct Look {
    bool there = false;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{}, status_changed{};
    bool operator==(const Look& other) const;
  };

  std::string path_;
  size_t most_;
  uint64_t next_check_ms_ = 0;
  std::optional<Look> last_;
};

}  // namespace weir::net
