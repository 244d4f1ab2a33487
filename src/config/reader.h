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
/// `file` is used in the mistakes' texts only. A text can't include files, and the files that its
/// values name are not read. `remarks`, if given: what is allowed and surely not meant, a line
/// each.
std::expected<Config, std::vector<Mistake>> read(std::string_view text, const std::string& file,
                                                 std::vector<std::string>* remarks = nullptr);

/// Like read(), from a file and those that it includes, of at most kLargestFiles bytes together.
/// The main file's mistakes come first. After an error in TOML's grammar, it is the only one of its
/// file.
std::expected<Config, std::vector<Mistake>> read_file(const std::string& file,
                                                      std::vector<std::string>* remarks = nullptr);
/// Like read_file(), for a reload while `running` is in use. It must never block, so it reads
/// ordinary files only (opening a FIFO or terminal could wait for ever). A file without any key is
/// a mistake, since somebody may be just about to write it, unless it had none for `running`
/// either: an included file is listed there, and the main file may be empty if `running` is all
/// defaults.
std::expected<Config, std::vector<Mistake>> read_again(const std::string& file,
                                                       const Config& running);

/// Name and version of the TOML library, for --version.
std::string toml_library();

}  // namespace weir::config
