#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/control_place.h"
#include "cli/explain_words.h"
#include "cli/grant_words.h"
#include "cli/init.h"
#include "cli/list_words.h"
#include "cli/version.h"
#include "config/reader.h"
#include "config/reference.h"
#include "lists/check_sources.h"

namespace weir::cli {

namespace {

constexpr std::string_view kUsage =
    "usage: weir PORT [--debug] | weir --config FILE [--debug] | weir check FILE | weir config "
    "--defaults | "
    "weir config --reference | weir status|reload [PORT] [--control PATH] | weir allow|block HOST "
    "[--for TIME] | weir pause [TIME] | weir grants | weir revoke ID | weir lists "
    "[show|update|on|off NAME] | weir explain URL | weir init LIFE [FILE] | weir passwd FILE USER "
    "| "
    "weir --help | weir --version\n";

constexpr std::string_view kHelp = R"(Weir, a forward web proxy.

  weir PORT                 listen on 127.0.0.1 and ::1; port 0 takes a free one and names it
  weir --config FILE        start with a configuration file
  weir check FILE           report every mistake in a configuration file
  weir config --defaults    print a configuration file with all defaults, commented
  weir config --reference   print the reference of all keys (docs/guide/configuration.md)
  weir status [PORT]        what the Weir that listens on PORT (9876 if none is given) has done
  weir reload [PORT]        have it read its configuration file again, as SIGHUP does
                            --control PATH names its control socket instead
  weir allow HOST           let clients reach a host, before the configuration's rules
  weir block HOST           deny it to them; `*` is every host
                            --for 1h ends it, else it holds until it is revoked; --client NAME or
                            --group NAME is for them alone
  weir pause [TIME]         skip rules with action "filter" (10min if no time is given); --client
                            and --group as above
  weir grants               what is allowed, blocked and paused in this way
  weir revoke ID            end one of them
  weir lists                the lists that rules ask, and what was fetched when; `show NAME` is one
                            in full, `update [NAME]` fetches now, `off NAME` and `on NAME` switch it
                            these six take --port PORT, --control PATH or --config FILE
  weir init LIFE [FILE]     write a configuration to begin with (weir.toml if no FILE is given);
                            LIFE is laptop, home, school, office, ci or agent
  weir explain URL          why the running Weir would allow or deny a request, and by which rule
                            --client ADDRESS|NAME, --user U, --listener NAME: who asks; --type T,
                            --from PAGE, --method M, --at "Mon 20:10": what, and when;
                            --resolve, or --address A and --alias NAME: where the name leads;
                            --content-type T, --size N: of the answer; --json: for programs;
                            --requests FILE: one question in JSON a line; --config FILE: asks the
                            rules of a file, --port PORT or --control PATH those of another Weir.
                            The exit status is 0 for allow, 1 deny, 3 it depends, 2 no answer
  weir passwd FILE USER     ask for a user's password and put its hash into the file of logins

  --debug                   print for each request its line, its URL and where it connects to
  --help                    print this
  --version                 print version, compiler, libraries and features

Point a client at it with  http_proxy=http://127.0.0.1:PORT https_proxy=http://127.0.0.1:PORT
)";

Command usage(std::string_view why) {
  return {{}, 2, {}, "weir: " + std::string(why) + '\n' + std::string(kUsage)};
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
    if (!port)
      return usage("PORT is a number from 0 to 65535, not " + config::in_quotes(port_text));
    config.listeners = {config::loopback_listener(*port)};
  }
  config.debug |= debug;
  config.debug_asked = debug;
  return {std::move(config), 0, {}, {}};
}

Command control(const std::string& word, const NamedWeir& named) {
  auto path = control_place(named);
  if (!path) return usage(path.error());
  return {{}, 0, {}, {}, ControlCommand{*std::move(path), word}};
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
  std::string text = config::without_controls(file) + ": no mistakes\nstate_dir: " +
                     (state.empty() ? "none: there is no home" : config::without_controls(state)) +
                     '\n' + lines(sources.notes);
  for (const std::string& each : remarks) text += "warning: " + each + '\n';
  return print(std::move(text));
}

}  // namespace

Command read_command_line(int argc, const char* const* argv) {
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
  std::string control_path, control_port;
  std::vector<CLI::App*> words;
  for (const char* word : {"status", "reload"}) {
    words.push_back(app.add_subcommand(word));
    words.back()->set_help_flag();
    words.back()->add_option("PORT", control_port);
    words.back()->add_option("--control", control_path);
  }
  const GrantWords grants(app);
  const ListWords lists(app);
  const ExplainWords explain(app);
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

  // CLI11 reports by exceptions; none leaves this function.
  try {
    app.parse(argc, argv);
  } catch (const CLI::Error& error) {
    return usage(error.what());
  }
  const auto word =
      std::ranges::find_if(words, [](const CLI::App* each) { return each->parsed(); });
  const bool subcommand = check->parsed() || config->parsed() || passwd->parsed() ||
                          word != words.end() || grants.parsed() || lists.parsed() ||
                          explain.parsed() || init_word->parsed();
  if (subcommand && (!port.empty() || config_option->count() > 0 || debug || help || version)) {
    return usage("a word such as `check` or `status` comes first");
  }
  if (help) return print(std::string(kHelp));
  if (version) return print(version_text("CLI11 " CLI11_VERSION));
  if (word != words.end()) {
    // A port beside --control was always taken, and not looked at.
    return control((*word)->get_name(),
                   {.control = control_path, .port = control_path.empty() ? control_port : ""});
  }
  if (grants.parsed()) {
    auto asked = grants.command();
    if (!asked) return usage(asked.error());
    return {{}, 0, {}, {}, *std::move(asked)};
  }
  if (lists.parsed()) {
    auto asked = lists.command();
    if (!asked) return usage(asked.error());
    return {{}, 0, {}, {}, *std::move(asked)};
  }
  if (explain.parsed()) {
    auto asked = explain.command();
    if (!asked) return usage(asked.error());
    Command command;
    command.explain = *std::move(asked);
    return command;
  }
  if (init_word->parsed()) return init(life, new_file);
  if (passwd->parsed()) return {{}, 0, {}, {}, {}, std::move(password)};
  if (check->parsed()) return check_file(checked_file);
  if (config->parsed()) {
    if (defaults == as_reference) return usage("`config` needs --defaults or --reference");
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
