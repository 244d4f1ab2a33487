// Reads a configuration file (TOML 1.0).
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/mistake.h"

namespace weir::config {

/// The configuration that `text` describes, what it leaves out at its default; or all mistakes in
/// it, in the order of their places (after a mistake in TOML's own grammar, that one alone). `file`
/// is for their text only.
std::expected<Config, std::vector<Mistake>> read(std::string_view text, const std::string& file);

/// As read, from a file of at most kLargestFile bytes.
std::expected<Config, std::vector<Mistake>> read_file(const std::string& file);
/// As a Weir that goes by `running` reads it: waits for nobody, so for an ordinary file alone (a
/// FIFO or a terminal would keep it). One without a key is a mistake, unless that is what runs:
/// somebody is about to write it.
std::expected<Config, std::vector<Mistake>> read_again(const std::string& file,
                                                       const Config& running);
inline constexpr size_t kLargestFile = 4 * 1024 * 1024;

/// Name and version of the library behind this, for --version.
std::string toml_library();

}  // namespace weir::config
