// A file that is read again when it has changed.
#pragma once
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace weir::base {

/// A file of settings, such as /etc/hosts. It is read when its inode, size or times have changed,
/// and again at each look() while it can't be read. Reads on the caller's thread. Only a regular
/// file is read, so that a FIFO without a writer does not block the caller. One thread at a time.
class WatchedFile {
 public:
  static constexpr uint64_t kCheckMs = 1000;

  struct Content {
    std::string text;
    /// The file was too large: `text` is its beginning, up to the end of a line.
    bool cut = false;
  };
  /// The error is a text for a person, and names the file.
  using Read = std::expected<Content, std::string>;

  /// At most the first `most` bytes of the file are used.
  WatchedFile(std::string path, size_t most) : path_(std::move(path)), most_(most) {}

  /// Returns the content at the first call and whenever the file has changed, or why it can't be
  /// read. The same error is reported only once in a row. nullopt: nothing new.
  std::optional<Read> look();
  /// Reads the file, changed or not.
  Read read();
  /// Like look(), but at most once per second, and a file that can't be read counts as empty.
  /// `now_ms` is base::monotonic_ms.
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
  /// nullopt if the process has no descriptor left to open the file with.
  std::optional<Read> take();

  std::string path_;
  size_t most_;
  uint64_t next_check_ms_ = 0;
  bool looked_ = false;
  /// The stamp of what was read last; none if it could not be read.
  std::optional<Stamp> stamp_;
  /// The error that was found last; empty if the file could be read.
  std::string error_;
};

}  // namespace weir::base
