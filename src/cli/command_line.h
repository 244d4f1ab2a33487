// What the program is asked to do.
#pragma once
#include <optional>
#include <string>

#include "cli/explain_command.h"
#include "config/config.h"

namespace weir::cli {

/// A command for a running Weir.
struct ControlCommand {
  /// The path of its control socket.
  std::string path;
  /// `reload`, `status`: the command, and its arguments separated by spaces.
  std::string words;
  /// A text that the command works on.
  std::optional<std::string> body = {};
};

/// A user's new password.
struct PasswordCommand {
  std::string file, user;
};

/// What main() has to do: print both texts, then run with the configuration, or exit with `status`
/// if there is none.
struct Command {
  std::optional<config::Config> run;
  int status = 0;
  /// For standard output.
  std::string output;
  /// For standard error.
  std::string complaint;
  std::optional<ControlCommand> control = {};
  std::optional<PasswordCommand> password = {};
  std::optional<ExplainCommand> explain = {};
};

/// Reads the configuration file if the arguments name one. The status is 2, with a usage line, if
/// the command is not understood, and 1 if the file has mistakes.
Command read_command_line(int argc, const char* const* argv);

}  // namespace weir::cli
