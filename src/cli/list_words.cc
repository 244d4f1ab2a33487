#include "cli/list_words.h"

#include <algorithm>
#include <array>

#include "cli/control_place.h"

namespace weir::cli {

ListWords::ListWords(CLI::App& app) : word_(app.add_subcommand("lists")) {
  word_->set_help_flag();
  word_->add_option("ACTION", action_);
  word_->add_option("NAME", name_);
  word_->add_option("--control", control_);
  word_->add_option("--config", config_);
  word_->add_option("--port", port_);
}

std::expected<ControlCommand, std::string> ListWords::command() const {
  constexpr auto kActions = std::to_array<std::string_view>({"", "show", "update", "on", "off"});
  if (std::ranges::find(kActions, action_) == kActions.end())
    return std::unexpected("`weir lists` shows all, or: weir lists show|update|on|off NAME");
  // Without a name all are updated.
  if (name_.empty() && !action_.empty() && action_ != "update")
    return std::unexpected("`weir lists " + action_ + "` needs the NAME of a list");
  if (name_.find_first_of(std::string_view(" \t\r\n\0", 5)) != std::string::npos)
    return std::unexpected("a list's name has letters, digits, `-` and `_`");
  auto path = control_place({.control = control_, .config = config_, .port = port_});
  if (!path) return std::unexpected(std::move(path).error());
  ControlCommand command{*std::move(path), "lists"};
  for (const std::string& each : {action_, name_})
    if (!each.empty()) command.words += ' ' + each;
  return command;
}

}  // namespace weir::cli
