#include "cli/command_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <span>

#include "cli/as_owner.h"
#include "cli/ca_words.h"
#include "cli/command_texts.h"
#include "cli/control_place.h"
#include "cli/explain_words.h"
#include "cli/grant_words.h"
#include "cli/init.h"
#include "cli/list_words.h"
#include "cli/version.h"
#include "config/reader.h"
#include "config/reference.h"
#include "intercept/generations.h"
#include "lists/check_sources.h"
#include "net/tls/trust_store.h"

namespace weir::cli {

namespace {

/// `of`: the command that was not understood; null: none was named.
Command usage(std::string_view why, const CommandText* of = nullptr) {
  return {{},
          2,
          {},
          "weir: " + std::string(why) + '\n' + (of ? of->usage() : std::string(usage_of_all()))};
}
Command print(std::string text) {
  return {{}, 0, std::move(text), {}};
}

Command start(const std::string& port_text, const std::string& file, bool debug) {
  config::Config config;
  if (!file.empty()) {
    auto read = config::read_file(file);
    if (!read) return {{}, 1, {}, config::text_of(read.error())};
    config = *std::move(read);
    config.file = file;
  } else {
    const auto port = parse_port(port_text);
    if (!port) return usage(why_no_command(port_text));
    config.listeners = {config::loopback_listener(*port)};
  }
  config.debug |= debug;
  config.debug_asked = debug;
  return {std::move(config), 0, {}, {}};
}

Command control(const std::string& word, const NamedWeir& named) {
  auto path = control_place(named);
  if (!path) return usage(path.error(), find_command(word));
  return {{}, 0, {}, {}, ControlCommand{*std::move(path), word}};
}

/// What keeps opened HTTPS from starting with that configuration, and what no reader of the file
/// alone finds; empty: nothing.
std::string tls_mistake(const config::Config& config, const std::string& state) {
  if (const auto trust = net::TrustStore::make(config.tls); !trust) return trust.error();
  if (config.opening.mode == policy::OpeningMode::off || state.empty()) return {};
  const AsOwner owner(state);
  // Another user's is not for whoever checks: its Weir will see.
  const std::string folder = intercept::Generations(state).folder();
  if (faccessat(AT_FDCWD, folder.c_str(), R_OK | X_OK, AT_EACCESS) != 0) return {};
  const auto signs = intercept::Generations(state).signing();
  return signs ? std::string() : "HTTPS can't be opened: " + signs.error();
}

Command check_file(const std::string& file) {
  std::vector<std::string> remarks;
  const auto read = config::read_file(file, &remarks);
  if (!read) return {{}, 1, {}, config::text_of(read.error())};
  const auto lines = [](const std::vector<std::string>& each) {
    std::string text;
    for (const std::string& line : each) text += config::without_controls(line) + '\n';
    return text;
  };
  const lists::CheckedSources sources = lists::check_sources(read->lists);
  if (!sources.mistakes.empty()) return {{}, 1, {}, lines(sources.mistakes)};
  const std::string state = read->state_dir.empty() ? config::default_state_dir() : read->state_dir;
  if (const std::string why = tls_mistake(*read, state); !why.empty())
    return {{}, 1, {}, config::without_controls(file + ": " + why) + '\n'};
  std::string text = config::without_controls(file) + ": no mistakes\nstate_dir: " +
                     (state.empty() ? "none: there is no home" : config::without_controls(state)) +
                     '\n' + lines(sources.notes);
  for (const std::string& each : remarks) text += "warning: " + each + '\n';
  return print(std::move(text));
}

bool asks_for_help(std::span<const char* const> arguments) {
  for (const std::string_view each : arguments) {
    if (each == "--help" || each == "-h") return true;
    if (each == "--") break;
  }
  return false;
}

/// CLI11 itself shows them from the last to the first.
std::string unexpected(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  std::string text = words.size() > 1 ? "The following arguments were not expected:"
                                      : "The following argument was not expected:";
  for (const std::string& each : words) text += ' ' + config::without_controls(each);
  return text;
}

/// What can be said without reading further than the first word.
std::optional<Command> at_once(std::span<const char* const> arguments) {
  const std::string_view first = arguments.empty() ? "" : arguments.front();
  if (const CommandText* const named = find_command(first)) {
    if (asks_for_help(arguments.subspan(1))) return print(named->help());
  } else if (!first.empty() && !first.starts_with('-') && !parse_port(first)) {
    return usage(why_no_command(first));
  }
  return std::nullopt;
}

}  // namespace

Command read_command_line(int argc, const char* const* argv) {
  const std::span arguments(argv + std::min(argc, 1), argv + argc);
  if (auto said = at_once(arguments)) return *std::move(said);
  CLI::App app;
  app.set_help_flag();
  std::string port, config_file, checked_file;
  bool debug = false, help = false, version = false, defaults = false, as_reference = false;
  app.add_option("PORT", port);
  auto* const config_option = app.add_option("--config", config_file);
  app.add_flag("--debug", debug);
  app.add_flag("-h,--help", help);
  app.add_flag("--version", version);
  auto* const check = app.add_subcommand("check");
  check->set_help_flag();
  check->add_option("FILE", checked_file)->required();
  auto* const config = app.add_subcommand("config");
  config->set_help_flag();
  config->add_flag("--defaults", defaults);
  config->add_flag("--reference", as_reference);
  std::string control_path, control_port, control_file;
  std::vector<CLI::App*> words;
  for (const char* word : {"status", "reload"}) {
    words.push_back(app.add_subcommand(word));
    words.back()->set_help_flag();
    words.back()->add_option("PORT", control_port);
    words.back()->add_option("--control", control_path);
    words.back()->add_option("--config", control_file);
  }
  const GrantWords grants(app);
  const ListWords lists(app);
  const ExplainWords explain(app);
  const CaWords authority(app);
  std::string life, new_file = "weir.toml";
  auto* const init_word = app.add_subcommand("init");
  init_word->set_help_flag();
  init_word->add_option("LIFE", life)->required();
  init_word->add_option("FILE", new_file);
  PasswordCommand password;
  auto* const passwd = app.add_subcommand("passwd");
  passwd->set_help_flag();
  passwd->add_option("FILE", password.file)->required();
  passwd->add_option("USER", password.user)->required();
  app.require_subcommand(0, 1);

  const CommandText* const named = arguments.empty() ? nullptr : find_command(arguments.front());
  // CLI11 reports by exceptions; none leaves this function.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return usage(unexpected(app), named);
  } catch (const CLI::Error& error) {
    return usage(error.what(), named);
  }
  const auto word =
      std::ranges::find_if(words, [](const CLI::App* each) { return each->parsed(); });
  const bool subcommand = check->parsed() || config->parsed() || passwd->parsed() ||
                          word != words.end() || grants.parsed() || lists.parsed() ||
                          explain.parsed() || init_word->parsed() || authority.parsed();
  if (subcommand && (!port.empty() || config_option->count() > 0 || debug || help || version)) {
    return usage("a word such as `check` or `status` comes first");
  }
  if (help) return print(std::string(help_of_all()));
  if (version) return print(version_text("CLI11 " CLI11_VERSION));
  if (word != words.end()) {
    // A port beside --control was always taken, and not looked at.
    return control((*word)->get_name(), {.control = control_path,
                                         .config = control_file,
                                         .port = control_path.empty() ? control_port : ""});
  }
  if (grants.parsed()) {
    auto asked = grants.command();
    if (!asked) return usage(asked.error(), named);
    return {{}, 0, {}, {}, *std::move(asked)};
  }
  if (lists.parsed()) {
    auto asked = lists.command();
    if (!asked) return usage(asked.error(), named);
    return {{}, 0, {}, {}, *std::move(asked)};
  }
  if (explain.parsed()) {
    auto asked = explain.command();
    if (!asked) return usage(asked.error(), named);
    Command command;
    command.explain = *std::move(asked);
    return command;
  }
  if (authority.parsed()) return authority.run();
  if (init_word->parsed()) return init(life, new_file);
  if (passwd->parsed()) return {{}, 0, {}, {}, {}, std::move(password)};
  if (check->parsed()) return check_file(checked_file);
  if (config->parsed()) {
    if (defaults == as_reference) return usage("`config` needs --defaults or --reference", named);
    return print(defaults ? config::commented_defaults() : config::reference());
  }
  if (config_option->count() > 0 && config_file.empty())
    return usage("--config needs the name of a file");
  if (!port.empty() && !config_file.empty())
    return usage("a port and --config: the file names the port to listen on");
  if (port.empty() && config_file.empty()) return usage("a port to listen on is missing");
  return start(port, config_file, debug);
}

}  // namespace weir::cli
