// `weir allow`, `block`, `pause`, `revoke` and `grants` on the command line.
#pragma once
#include <CLI/CLI.hpp>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"

namespace weir::cli {

/// Adds the words to `app`, which fills this in as it parses; outlives the parsing.
class GrantWords {
 public:
  explicit GrantWords(CLI::App& app);
  /// One of the words was given.
  bool parsed() const { return word() != nullptr; }
  /// What to ask the running Weir. The error is what is wrong with the command line.
  std::expected<ControlCommand, std::string> command() const;

 private:
  const CLI::App* word() const;
  CLI::App* add(CLI::App& app, const char* name);
  std::expected<std::string, std::string> body() const;

  std::vector<CLI::App*> words_;
  std::string host_, length_, client_, group_, id_;
  std::string control_, config_, port_;
};

}  // namespace weir::cli
