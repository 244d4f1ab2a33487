// How `weir passwd` reads a password.
#pragma once
#include <optional>
#include <string>

namespace weir::cli {

/// One line of standard input, without its end, and only a little longer than a password may be;
/// nothing where there is none.
std::optional<std::string> read_line();

/// The same from the terminal that standard input is, without showing what is typed. A signal that
/// ends or stops the process finds the terminal as it was; one that was stopped asks again.
std::optional<std::string> ask(const std::string& question);

}  // namespace weir::cli
