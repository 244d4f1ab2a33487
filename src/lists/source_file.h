// The files that lists are made from.
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <expected>
#include <string>

#include "match/list_reader.h"

namespace weir::lists {

/// What changes when a file is written or replaced.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  int64_t modified_ns = 0, status_changed_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// nullopt if there is no ordinary file, or it can't be looked at.
std::expected<FileStamp, std::string> stamp_of(const std::string& path);

struct ReadFile {
  match::ListReport report;
  FileStamp stamp;
  /// False if the file may change once more without another stamp, since it was changed just now.
  bool stamp_is_sure = false;
};

/// Reads a list into `sink`. Only an ordinary file is read, so that opening a FIFO does not wait.
/// The error says what is wrong, in a sentence that names the path. Waits for the disk.
std::expected<ReadFile, std::string> read_source(const std::string& path, match::ListSink& sink);

}  // namespace weir::lists
