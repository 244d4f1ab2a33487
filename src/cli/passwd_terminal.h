// How `weir passwd` reads a password.
#pragma once
#include <optional>
#include <string>

namespace weir::cli {

/// Reads one line of standard input, without its line end. Stops a little above the longest
/// password allowed. Nothing if there is no input.
std::optional<std::string> read_line();

/// The same from a terminal on standard input, without showing what is typed. The terminal is
/// restored before a signal ends or stops the process; after a stop, the question is asked again.
std::optional<std::string> ask(const std::string& question);

}  // namespace weir::cli
