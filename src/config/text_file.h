// Reads the text of a configuration file.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>

namespace weir::config {

/// The same for all paths that lead to one file.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct TextFile {
  std::string text;
  FileIdentity identity = {};
};

/// Which files may be opened.
enum class Openable : uint8_t {
  any,
  ordinary,  // No FIFO, terminal or device: opening or reading these could wait for ever.
};

/// Reads a file to its end, or one byte more than `most`. The error says why it can't be read.
std::expected<TextFile, std::string> read_text_file(const std::string& path, size_t most,
                                                    Openable openable);

}  // namespace weir::config
