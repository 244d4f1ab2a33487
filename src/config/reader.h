// Reads a configuration file (TOML 1.0).
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/mistake.h"

namespace weir::config {

/// Returns the configuration that `text` describes, with defaults for what it leaves out, or all
/// its mistakes in the order of the text. After an error in TOML's grammar, that is the only one.
/// `file` is used in the mistakes' texts only.
std::expected<Config, std::vector<Mistake>> read(std::string_view text, const std::string& file);

/// Like read(), from a file of at most kLargestFile bytes.
std::expected<Config, std::vector<Mistake>> read_file(const std::string& file);
/// Like read_file(), for a reload while `running` is in use. It must never block, so it reads
/// ordinary files only (opening a FIFO or terminal could wait for ever). A file without any key is
/// a mistake, since somebody may be just about to write it, unless `running` is all defaults too.
std::expected<Config, std::vector<Mistake>> read_again(const std::string& file,
                                                       const Config& running);
inline constexpr size_t kLargestFile = 4 * 1024 * 1024;

/// Name and version of the TOML library, for --version.
std::string toml_library();

}  // namespace weir::config
