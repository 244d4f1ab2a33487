#include "cli/grant_words.h"

#include <algorithm>

#include "base/units.h"
#include "cli/control_place.h"
#include "config/mistake.h"

namespace weir::cli {
namespace {

constexpr const char* kPause = "10min";

/// Each value is one line of the request.
bool is_line(const std::string& text) {
  return text.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos;
}

/// Seconds of `1h` or, as people also write it, `10m`.
std::optional<uint64_t> seconds_of(std::string text) {
  if (text.ends_with('m')) text += "in";
  const auto ms = base::parse_duration_ms(text);
  return ms ? std::optional(*ms / 1000) : std::nullopt;
}

}  // namespace

CLI::App* GrantWords::add(CLI::App& app, const char* name) {
  CLI::App* const word = app.add_subcommand(name);
  word->set_help_flag();
  word->add_option("--control", control_);
  word->add_option("--config", config_);
  word->add_option("--port", port_);
  words_.push_back(word);
  return word;
}

GrantWords::GrantWords(CLI::App& app) {
  for (const char* name : {"allow", "block"}) {
    CLI::App* const word = add(app, name);
    word->add_option("HOST", host_)->required();
    word->add_option("--for", length_);
    word->add_option("--client", client_);
    word->add_option("--group", group_);
  }
  CLI::App* const pause = add(app, "pause");
  pause->add_option("TIME", length_);
  pause->add_option("--client", client_);
  pause->add_option("--group", group_);
  add(app, "revoke")->add_option("ID", id_)->required();
  add(app, "grants");
}

const CLI::App* GrantWords::word() const {
  const auto found =
      std::ranges::find_if(words_, [](const CLI::App* each) { return each->parsed(); });
  return found == words_.end() ? nullptr : *found;
}

std::expected<std::string, std::string> GrantWords::body() const {
  std::string text;
  for (const auto& [name, value] :
       {std::pair("host", &host_), {"client", &client_}, {"group", &group_}}) {
    if (!is_line(*value)) return std::unexpected(std::string(name) + " has a line break in it");
    if (!value->empty()) text += std::string(name) + '=' + *value + '\n';
  }
  const std::string length = length_.empty() && word()->get_name() == "pause" ? kPause : length_;
  if (!length.empty()) {
    const auto seconds = seconds_of(length);
    if (!seconds || *seconds == 0)
      return std::unexpected("the time is such as 30min, 1h or 2d, not " +
                             config::in_quotes(length));
    text += "seconds=" + std::to_string(*seconds) + '\n';
  }
  return text;
}

std::expected<ControlCommand, std::string> GrantWords::command() const {
  auto path = control_place({.control = control_, .config = config_, .port = port_});
  if (!path) return std::unexpected(std::move(path).error());
  ControlCommand command{*std::move(path), word()->get_name()};
  if (command.words == "revoke") {
    if (id_.find_first_not_of("0123456789") != std::string::npos)
      return std::unexpected("ID is a number that `weir grants` shows");
    command.words += ' ' + id_;
  } else if (command.words != "grants") {
    auto text = body();
    if (!text) return std::unexpected(std::move(text).error());
    command.body = *std::move(text);
  }
  return command;
}

}  // namespace weir::cli
