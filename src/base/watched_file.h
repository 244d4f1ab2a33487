// A file that is read again when it has changed.
#pragma once
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace weir::base {

/// A file of settings, such as /etc/hosts: read when its inode, size or times have changed, and
/// again at each look for as long as it can't be read. Reads at the caller's expense; never waits
/// for a FIFO's writer: only a regular file is read. One thread at a time.
class WatchedFile {
 public:
  static constexpr uint64_t kCheckMs = 1000;

  struct Content {
    std::string text;
    /// It was larger: this is its beginning, up to the end of a line.
    bool cut = false;
  };
  /// The error is for a person, and names the file.
  using Read = std::expected<Content, std::string>;

  /// Of a larger file the first `most` bytes are taken.
  WatchedFile(std::string path, size_t most) : path_(std::move(path)), most_(most) {}

  /// The content, the first time and whenever the file has changed, or why it can't be read, told
  /// once for as long as it is the same. Nothing: as before.
  std::optional<Read> look();
  /// Reads it, changed or not.
  Read read();
  /// Looks at most once a second, and takes a file that can't be read for an empty one. `now_ms` is
  /// base::monotonic_ms.
  std::optional<std::string> changed(uint64_t now_ms);

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{}, status_changed{};
    bool operator==(const Stamp& other) const;
  };
  static Stamp stamp_of(const struct stat& status);
  std::unexpected<std::string> why(const std::string& words) const {
    return std::unexpected(path_ + ": " + words);
  }
  /// With no descriptor left there is no answer.
  std::optional<Read> take();

  std::string path_;
  size_t most_;
  uint64_t next_check_ms_ = 0;
  bool looked_ = false;
  /// Of what was read last; none where it could not be read.
  std::optional<Stamp> stamp_;
  /// What was told last, if it could not be read.
  std::string error_;
};

}  // namespace weir::base
