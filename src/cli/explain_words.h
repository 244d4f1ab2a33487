// `weir explain` on the command line.
#pragma once
#include <CLI/CLI.hpp>
#include <expected>
#include <string>
#include <vector>

#include "cli/explain_command.h"

namespace weir::cli {

/// Adds the word to `app`, which fills this in as it parses; outlives the parsing.
class ExplainWords {
 public:
  explicit ExplainWords(CLI::App& app);
  bool parsed() const { return word_->parsed(); }
  /// The error is what is wrong with the command line.
  std::expected<ExplainCommand, std::string> command() const;

 private:
  CLI::App* word_;
  ExplainCommand command_;
  std::string content_type_, size_, port_;
  bool json_ = false;
};

}  // namespace weir::cli
