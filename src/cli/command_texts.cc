#include "cli/command_texts.h"

#include <algorithm>

#include "base/text.h"
#include "config/mistake.h"

namespace weir::cli {
namespace {

constexpr std::string_view kUsage =
    "usage: weir PORT [--debug] | weir --config FILE [--debug] | weir check FILE | weir config "
    "--defaults | "
    "weir config --reference | weir status|reload [PORT] | weir allow|block HOST "
    "[--for TIME] | weir pause [TIME] | weir grants | weir revoke ID | weir lists "
    "[show|update|on|off NAME] | weir explain URL | weir init LIFE [FILE] | weir passwd FILE USER "
    "| weir ca init|show|export|renew|switch | "
    "weir --help | weir --version\n";

constexpr std::string_view kHelp = R"(Weir, a forward web proxy.

  weir PORT                 listen on 127.0.0.1 and ::1; port 0 takes a free one and names it
  weir --config FILE        start with a configuration file
  weir check FILE           report every mistake in a configuration file
  weir config --defaults    print a configuration file with all defaults, commented
  weir config --reference   print the reference of all keys (docs/guide/configuration.md)
  weir status [PORT]        what the Weir that listens on PORT (9876 if none is given) has done
  weir reload [PORT]        have it read its configuration file again, as SIGHUP does
                            --control PATH names its control socket instead, --config FILE the
                            file that it runs with
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
  weir ca init              make the authority with which Weir opens HTTPS, where its owner wants it
  weir ca show              its names, dates and fingerprints
  weir ca export [FILE]     what clients have to trust: --pem, --der, --p12, --mobileconfig, or
                            --bundle (with the system's authorities)
  weir ca renew             prepare the next one; `weir ca switch` makes it sign
  weir passwd FILE USER     ask for a user's password and put its hash into the file of logins

  --debug                   print for each request its line, its URL and where it connects to
  --help                    print this
  --version                 print version, compiler, libraries and features

Point a client at it with  http_proxy=http://127.0.0.1:PORT https_proxy=http://127.0.0.1:PORT
)";

constexpr CommandText kCommands[] = {
    {"check", "FILE", "Reports every mistake in a configuration file.\n"},
    {"config", "--defaults | --reference",
     "--defaults prints a configuration file with all defaults, commented; --reference prints the\n"
     "reference of all keys.\n"},
    {"status", "[PORT | --control PATH | --config FILE]",
     "What the Weir that listens on PORT (9876 if none is given) has done. --control PATH names\n"
     "its control socket instead, --config FILE the file that it runs with.\n"},
    {"reload", "[PORT | --control PATH | --config FILE]",
     "Has the Weir that listens on PORT (9876 if none is given) read its configuration file\n"
     "again, as SIGHUP does. --control PATH names its control socket instead, --config FILE the\n"
     "file that it runs with; where that now names another port, name the old one.\n"},
    {"allow",
     "HOST [--for TIME] [--client NAME | --group NAME] [--port PORT | --control PATH | --config "
     "FILE]",
     "Lets clients reach a host, before the configuration's rules and behind its guards.\n"
     "HOST is written as in rules: `example.com` is that name and all below it, `=example.com`\n"
     "that name alone, `*.example.com` what is below it, `*` every host.\n"
     "--for 1h ends it, else it holds until `weir revoke`; --client NAME or --group NAME is for\n"
     "them alone. The running Weir is the one on port 9876, or named by --port, --control or\n"
     "--config (the file that it runs with).\n"},
    {"block",
     "HOST [--for TIME] [--client NAME | --group NAME] [--port PORT | --control PATH | --config "
     "FILE]",
     "Denies a host to clients, before the configuration's rules.\n"
     "HOST is written as in rules: `example.com` is that name and all below it, `=example.com`\n"
     "that name alone, `*.example.com` what is below it, `*` every host.\n"
     "--for 1h ends it, else it holds until `weir revoke`; --client NAME or --group NAME is for\n"
     "them alone. The running Weir is the one on port 9876, or named by --port, --control or\n"
     "--config (the file that it runs with).\n"},
    {"pause",
     "[TIME] [--client NAME | --group NAME] [--port PORT | --control PATH | --config FILE]",
     "Skips the rules with action \"filter\" for TIME, such as 30min or 1h (10min if none is\n"
     "given). --client NAME or --group NAME is for them alone.\n"},
    {"grants", "[--port PORT | --control PATH | --config FILE]",
     "What is allowed, blocked and paused by command.\n"},
    {"revoke", "ID [--port PORT | --control PATH | --config FILE]",
     "Ends what was allowed, blocked or paused by command. `weir grants` shows the ID.\n"},
    {"lists",
     "[show NAME | update [NAME] | on NAME | off NAME] [--port PORT | --control PATH | --config "
     "FILE]",
     "The lists that rules ask, and what was fetched when. `show NAME` is one in full, `update`\n"
     "fetches now, `off NAME` and `on NAME` switch it.\n"},
    {"explain",
     "URL [--client ADDRESS|NAME] [--type T] [--at TIME] [--config FILE | --port PORT | --control "
     "PATH] ...",
     "Why the running Weir would allow or deny a request, and by which rule.\n"
     "  --client ADDRESS|NAME, --user U, --listener NAME   who asks\n"
     "  --type T, --from PAGE, --method M                  what for\n"
     "  --at \"Mon 20:10\"                                   when\n"
     "  --resolve, or --address A and --alias NAME         where the name leads\n"
     "  --content-type T, --size N                         of the answer\n"
     "  --json                                             for programs\n"
     "  --requests FILE                                    one question in JSON a line, no URL\n"
     "  --config FILE                                      asks the rules of a file\n"
     "  --port PORT, --control PATH                        asks those of another Weir\n"
     "The exit status is 0 for allow, 1 deny, 3 it depends, 2 no answer.\n"},
    {"init", "LIFE [FILE]",
     "Writes a configuration to begin with (weir.toml if no FILE is given). LIFE is laptop, home,\n"
     "school, office, ci or agent. A file that exists stays as it is.\n"},
    {"ca",
     "init | show | export [--pem | --der | --p12 | --mobileconfig | --bundle] [--generation N] "
     "[FILE] | renew | switch [--config FILE | --state-dir DIR]",
     "The authority by which clients let Weir open HTTPS ([intercept], docs/guide/https.md).\n"
     "  init      makes the first one; a Weir that is to open HTTPS does so itself\n"
     "  show      names, dates and SHA-256 fingerprints\n"
     "  export    what clients have to trust, to FILE or standard output; never a key.\n"
     "            --pem (if nothing is said), --der for Windows and Android, --p12 for Windows,\n"
     "            --mobileconfig for Apple's devices, --bundle with the system's authorities, for\n"
     "            programs whose setting replaces them. Where a next one is prepared, both.\n"
     "  renew     prepares the next generation, which signs nothing yet\n"
     "  switch    the prepared generation signs from now on; `weir reload` brings it to a Weir\n"
     "It works on state_dir: that of --config, or --state-dir, or the default.\n"},
    {"passwd", "FILE USER",
     "Asks for a user's password and puts its hash into the file of logins.\n"},
};

/// What people know from other programs, or from saying it.
struct Word {
  std::string_view word, command;
};
constexpr Word kElsewhere[] = {
    {"deny", "block"}, {"unblock", "revoke"}, {"unpause", "revoke"}, {"resume", "revoke"},
    {"list", "lists"}, {"grant", "grants"},   {"help", "--help"},    {"version", "--version"},
};

/// Bounds the cost of a comparison.
constexpr size_t kLongestWord = 100;

/// Empty: none is near.
std::string_view nearest_to(std::string_view word) {
  const auto* const known = std::ranges::find(kElsewhere, word, &Word::word);
  if (known != std::end(kElsewhere)) return known->command;
  if (word.size() > kLongestWord) return {};
  const auto distance = [&](const CommandText& each) {
    return config::edit_distance(word, each.name);
  };
  const CommandText& best = *std::ranges::min_element(kCommands, {}, distance);
  // With more than half of its letters wrong it is another word.
  return 2 * distance(best) <= word.size() ? best.name : std::string_view();
}

bool is_file(std::string_view word) {
  return word.ends_with(".toml") || word.contains('/');
}

}  // namespace

std::string CommandText::usage() const {
  return "usage: weir " + std::string(name) + ' ' + std::string(arguments) + '\n';
}

std::string CommandText::help() const {
  return usage() + '\n' + std::string(about);
}

const CommandText* find_command(std::string_view name) {
  const auto* const found = std::ranges::find(kCommands, name, &CommandText::name);
  return found == std::end(kCommands) ? nullptr : found;
}

std::string why_no_command(std::string_view word) {
  const bool file = is_file(word);
  if (!file && (word.empty() || !base::is_alpha(word.front())))
    return "PORT is a number from 0 to 65535, not " + config::in_quotes(word);
  std::string why = "there is no command " + config::in_quotes(word);
  if (file) return why + "; did you mean weir --config " + config::without_controls(word) + '?';
  const std::string_view nearest = nearest_to(word);
  return nearest.empty() ? why : why + "; the nearest is " + std::string(nearest);
}

std::string_view usage_of_all() {
  return kUsage;
}
std::string_view help_of_all() {
  return kHelp;
}

}  // namespace weir::cli
