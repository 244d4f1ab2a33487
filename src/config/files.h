// The files of one configuration: the main file, and those that it includes.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "config/key.h"
#include "config/mistake.h"
#include "config/text_file.h"
#include "config/toml_library.h"

namespace weir::config {

/// The most bytes in all files together.
inline constexpr size_t kLargestFiles = 4 * 1024 * 1024;
/// How deep files may be included: a file that the main file includes is 1 deep.
inline constexpr int kDeepestInclude = 8;
/// The most files that may be included.
inline constexpr int kMostIncludes = 64;

/// A parsed file, without its key `include`.
struct File {
  std::string path;
  /// Its number in places.
  uint32_t number = 0;
  toml::table table;
  /// It has no key at all, not even `include`.
  bool is_blank = false;
};

/// Reads a text of at most `most` bytes, as read_text_file() does.
using ReadText =
    std::function<std::expected<TextFile, std::string>(const std::string& path, size_t most)>;

/// Reads `main` and the files that are included by `include`, the key of that name. Returns those
/// that could be parsed, each after the files that it includes. What is wrong is added to
/// `mistakes`; the main file has the number 0.
std::vector<File> read_files(const std::string& main, const Key& include, const ReadText& read_text,
                             Mistakes& mistakes);

}  // namespace weir::config
