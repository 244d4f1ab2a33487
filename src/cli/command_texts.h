// The words of the command line, and what is said about each of them.
#pragma once
#include <string>
#include <string_view>

namespace weir::cli {

/// What is printed about one command.
struct CommandText {
  /// `allow`.
  std::string_view name;
  /// What may follow the name: `HOST [--for TIME]`.
  std::string_view arguments;
  /// Lines of prose.
  std::string_view about;

  /// `usage: weir allow HOST [--for TIME]`, with a line break.
  std::string usage() const;
  /// What `weir allow --help` prints.
  std::string help() const;
};

/// Null: no command has that name.
const CommandText* find_command(std::string_view name);

/// Why a word that stands where a command or a port belongs is neither.
std::string why_no_command(std::string_view word);

/// The usage line of the whole program.
std::string_view usage_of_all();
/// What `weir --help` prints.
std::string_view help_of_all();

}  // namespace weir::cli
