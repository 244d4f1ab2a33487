#include "cli/explain_command.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <expected>
#include <fstream>
#include <utility>

#include "base/clock.h"
#include "cli/command_line.h"
#include "cli/control_ask.h"
#include "cli/look_up.h"
#include "cli/shown.h"
#include "config/list_checks.h"
#include "config/mistake.h"
#include "config/reader.h"
#include "config/ready_rules.h"
#include "explain/explained.h"
#include "http/own_names.h"
#include "lists/loader.h"
#include "policy/explain.h"

namespace weir::cli {
namespace {

using explain::Answer, explain::Asked, explain::Form;
using Failed = std::unexpected<std::string>;
using Answered = std::expected<Answer, std::string>;
using Ask = std::function<Answered(const Asked&, Form)>;

constexpr int kFailed = 2;

std::string on_terminal(std::string_view text) {
  Shown shown;
  std::string safe = shown.add(text);
  return safe + shown.end();
}

Command fail(std::string_view why) {
  return {{}, kFailed, {}, "weir: " + on_terminal(why) + '\n'};
}

/// Nothing: nobody has to log in (auth::Demand).
std::optional<auth::ListenerConfig> login_at(const config::Config& config,
                                             const config::ListenerConfig& listener) {
  if (config.login.file.empty() || !listener.login.required.value_or(true)) return std::nullopt;
  return listener.login;
}

explain::World world_of(const config::Config& config, std::shared_ptr<const lists::Loaded> lists) {
  const base::TimeZone zone = config::zone_of(config);
  const base::WallTime wall = zone.at(base::wall_seconds());
  const policy::LocalTime now{wall.weekday, wall.minute};
  explain::World world{
      .rules = config::rules_of(config, std::move(lists), now),
      .own = std::make_shared<const http::OwnNames>(config.own_name, config::listening(config)),
      .clients = config.clients,
      .listeners = {},
      .lists = {},
      .zone = zone,
      .now = now};
  for (const policy::ListName& each : config::list_names(config)) world.lists.push_back(each.name);
  for (uint32_t number = 0; number < config.listeners.size(); ++number) {
    const config::ListenerConfig& listener = config.listeners[number];
    for (const base::Endpoint& address : listener.addresses)
      world.listeners.push_back(
          {number, listener.name, address, listener.clients, login_at(config, listener)});
  }
  return world;
}

/// Where the Weir of this configuration keeps its lists; empty: nowhere.
std::string lists_folder(const config::Config& config) {
  const std::string state =
      config.state_dir.empty() ? config::default_state_dir() : config.state_dir;
  return state.empty() ? state : state + "/lists";
}

/// What a person has to know who reads an answer: lists that have not all that they will have.
std::string without_copies(const config::Config& config, const std::string& folder) {
  const lists::Copies copies(folder);
  std::string words;
  for (const auto& [name, list] : config.lists) {
    for (const std::string& url : list.urls) {
      if (copies.can_keep() && access(copies.path_of(url).c_str(), R_OK) == 0) continue;
      words += "weir: lists." + name + " is asked without " + on_terminal(url) +
               ", of which there is no copy to read here\n";
    }
  }
  return words;
}

/// How to ask, and what to say about the answers.
struct FileAsk {
  Ask ask;
  std::string words;
};
std::expected<FileAsk, std::string> ask_file(const std::string& file) {
  const auto config = config::read_file(file);
  if (!config) return Failed(config::text_of(config.error()));
  const std::string folder = lists_folder(*config);
  // Nothing is kept, so that whoever may read the files may ask.
  auto loaded = lists::Loader::of_copies_in(folder).load(config->lists, nullptr);
  if (!loaded) return Failed("weir: " + loaded.error() + '\n');
  auto world = std::make_shared<const explain::World>(world_of(*config, std::move(loaded->lists)));
  return FileAsk{
      [world](const Asked& asked, Form form) { return explain::answer(*world, asked, form); },
      without_copies(*config, folder)};
}

/// Complaints of a running Weir are lines for a person.
Answered ask_socket(const std::string& path, const Asked& asked, Form form) {
  std::string text;
  const Command told = ask_running({path, "explain " + std::string(name_of(form)), json_of(asked)},
                                   [&](std::string_view piece) {
                                     text += piece;
                                     return true;
                                   });
  if (!told.complaint.empty()) {
    std::string_view why = told.complaint;
    if (why.starts_with("weir: ")) why.remove_prefix(6);
    if (why.ends_with('\n')) why.remove_suffix(1);
    return Failed(std::string(why));
  }
  if (auto answer = explain::parse_sent(text)) return *std::move(answer);
  return Failed("the Weir at " + path + " answers in a way that is not understood");
}

class Explaining {
 public:
  Explaining(const ExplainCommand& command, Ask ask, const Print& print)
      : command_(command), ask_(std::move(ask)), print_(print) {}

  Command one() {
    const Answered answer = ask(command_.asked, command_.form);
    if (!answer) return fail(answer.error());
    Command told;
    told.output = on_terminal(answer->text);
    if (!told.output.ends_with('\n')) told.output += '\n';
    switch (answer->conclusion) {
      case policy::Conclusion::allow: told.status = 0; break;
      case policy::Conclusion::deny: told.status = 1; break;
      case policy::Conclusion::depends: told.status = 3; break;
    }
    return told;
  }

  /// Also for a file that has nothing but mistakes.
  static constexpr size_t kMostComplaints = 20;

  Command all() {
    std::ifstream file(command_.requests, std::ios::binary);
    if (!file)
      return fail(config::without_controls(command_.requests) + ": " + std::strerror(errno));
    Command told;
    size_t number = 0, complaints = 0;
    const auto complain = [&](std::string_view why) {
      if (++complaints <= kMostComplaints)
        told.complaint += config::without_controls(command_.requests) + ':' +
                          std::to_string(number) + ": " + std::string(why) + '\n';
    };
    std::string line;
    while (next_line(file, line)) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos || line.starts_with('#')) continue;
      const auto asked = explain::parse_asked(line);
      const Answered answer = asked ? ask(*asked, Form::json) : Answered(Failed(asked.error()));
      if (!answer) {
        told.status = kFailed;
        complain(on_terminal(answer.error()));
      } else if (!answer->as_expected) {
        if (told.status == 0) told.status = 1;
        complain("this is not as expected");
      }
      const std::string out = answer ? answer->text : explain::json_of_failure(answer.error());
      if (!print_(on_terminal(out) + '\n')) {
        told.status = kFailed;
        break;
      }
    }
    if (complaints > kMostComplaints)
      told.complaint += "and " + std::to_string(complaints - kMostComplaints) + " more\n";
    // Such as a folder, which can be opened.
    if (file.bad()) return fail(config::without_controls(command_.requests) + " can't be read");
    return told;
  }

 private:
  /// A line that is too long is cut: it is one byte longer than a question may be.
  static bool next_line(std::istream& file, std::string& line) {
    line.clear();
    bool any = false;
    for (int c = file.get(); c != std::istream::traits_type::eof(); c = file.get()) {
      any = true;
      if (c == '\n') break;
      if (line.size() <= explain::kLargestQuestion) line += static_cast<char>(c);
    }
    return any;
  }

  Answered ask(const Asked& asked, Form form) const {
    if (!command_.resolve || !asked.addresses.empty()) return ask_(asked, form);
    const auto name = explain::name_to_look_up(asked.url);
    if (!name) return Failed(name.error());
    Asked resolved = asked;
    if (!name->empty()) {
      auto found = look_up(*name);
      if (!found) return Failed(std::move(found).error());
      resolved.addresses = std::move(found->addresses);
      if (resolved.aliases.empty()) resolved.aliases = std::move(found->aliases);
    }
    return ask_(resolved, form);
  }

  const ExplainCommand& command_;
  const Ask ask_;
  const Print& print_;
};

}  // namespace

Command explain_to(const ExplainCommand& command, const Print& print) {
  Ask ask = [&](const Asked& asked, Form form) { return ask_socket(command.control, asked, form); };
  std::string words;
  if (!command.config.empty()) {
    auto file = ask_file(command.config);
    if (!file) return {{}, kFailed, {}, file.error()};
    ask = std::move(file->ask);
    words = std::move(file->words);
  }
  Explaining explaining(command, std::move(ask), print);
  Command told = command.requests.empty() ? explaining.one() : explaining.all();
  told.complaint.insert(0, words);
  return told;
}

}  // namespace weir::cli
