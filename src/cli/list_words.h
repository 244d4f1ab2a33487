// `weir lists` on the command line.
#pragma once
#include <CLI/CLI.hpp>
#include <expected>
#include <string>

#include "cli/command_line.h"

namespace weir::cli {

/// Adds the word to `app`, which fills this in as it parses; outlives the parsing.
class ListWords {
 public:
  explicit ListWords(CLI::App& app);
  bool parsed() const { return word_->parsed(); }
  /// What to ask the running Weir. The error is what is wrong with the command line.
  std::expected<ControlCommand, std::string> command() const;

 private:
  CLI::App* const word_;
  std::string action_, name_;
  std::string control_, config_, port_;
};

}  // namespace weir::cli
