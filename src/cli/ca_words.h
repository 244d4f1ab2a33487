// `weir ca`: the authority by which clients let Weir open HTTPS.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "cli/command_line.h"

namespace weir::cli {

/// Adds the word to `app`, which fills this in as it parses; outlives the parsing. The commands
/// work on the files in state_dir; no Weir has to run.
class CaWords {
 public:
  explicit CaWords(CLI::App& app);
  bool parsed() const { return word_->parsed(); }
  /// Does what is asked for. Nothing of its output is a key.
  Command run() const;

 private:
  Command show(const std::string& state) const;
  Command export_to(const std::string& state, const std::vector<std::string>& roots) const;

  CLI::App* const word_;
  std::string action_, file_, config_, state_dir_;
  uint32_t generation_ = 0;
  bool pem_ = false, der_ = false, p12_ = false, mobileconfig_ = false, bundle_ = false;
};

}  // namespace weir::cli
