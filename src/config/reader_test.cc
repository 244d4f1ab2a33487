#include "config/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/all_keys.h"
#include "config/files.h"
#include "config/reference.h"

namespace weir::config {
namespace {

/// The lines about mistakes, without the file's name.
std::string mistakes_of(std::string_view text) {
  const auto result = read(text, "f");
  if (result) return {};
  return text_of(result.error());
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Reader, NothingIsTheDefaults) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "[limits]\n[timeouts]\n"}) {
    const auto config = read(text, "f");
    ASSERT_TRUE(config) << text_of(config.error());
    EXPECT_EQ(*config, Config());
  }
  const Config defaults;
  ASSERT_EQ(defaults.listeners.size(), 1u);
  EXPECT_EQ(defaults.listeners[0].addresses[0].text(), "127.0.0.1:9876");
  EXPECT_EQ(defaults.listeners[0].addresses[1].text(), "[::1]:9876");
}

TEST(Reader, TheLimitsThatWerePromised) {
  const Config config;
  EXPECT_EQ(config.server.head_bytes, 65536u);
  EXPECT_EQ(config.origin.head_bytes, 65536u);
  EXPECT_EQ(config.server.head_fields, 200u);
  EXPECT_EQ(config.origin.head_fields, 200u);
  EXPECT_EQ(config.server.head_timeout_ms, 10'000u);
  EXPECT_EQ(config.origin.connect_timeout_ms, 10'000u);
  EXPECT_EQ(config.origin.first_byte_timeout_ms, 600'000u);
  EXPECT_EQ(config.tunnel.silence_timeout_ms, 600'000u);
  EXPECT_EQ(config.server.content_timeout_ms, 600'000u);
  EXPECT_EQ(config.origin.content_timeout_ms, 600'000u);
  EXPECT_EQ(config.server.write_timeout_ms, 900'000u);
  EXPECT_EQ(config.tunnel.idle_timeout_ms, 7'200'000u);
  EXPECT_EQ(config.tcp.keepalive_ms, 60'000u);
  EXPECT_EQ(config.server.linger_bytes, 64u * 1024 * 1024);
  EXPECT_EQ(config.server.linger_ms, 30'000u);
  EXPECT_EQ(config.server.linger_silence_ms, 2000u);
  EXPECT_EQ(config.server.expect_wait_ms, 1000u);
  EXPECT_EQ(config.origin.retry_idle_ms, 2000u);
  EXPECT_EQ(config.log_backlog_bytes, 16u * 1024 * 1024);
  EXPECT_EQ(config.memory_bytes, 1024u * 1024 * 1024);
  EXPECT_EQ(config.lowest_rate, 0u);
  EXPECT_EQ(config.own_name, "weir.internal");
}

TEST(Reader, NothingTurnsALimitOff) {
  const auto off = read("[limits]\nmemory = 0\nlowest_rate = \"0B\"\n", "f");
  ASSERT_TRUE(off);
  EXPECT_EQ(off->memory_bytes, 0u);
  const auto on = read("[limits]\nmemory = \"64MiB\"\nlowest_rate = 500\n", "f");
  ASSERT_TRUE(on);
  EXPECT_EQ(on->memory_bytes, 64u * 1024 * 1024);
  EXPECT_EQ(on->lowest_rate, 500u);
}

TEST(Reader, EveryKindOfValue) {
  const auto config = read(R"(
resolver = ["192.0.2.53:53", "[2001:db8::53]:5353"]
blocked_ports = [25, 22, 25]
own_name = "Proxy.Example."
via = "weir-2"
workers = 3
debug = true

[[listener]]
address = "[::]:9876"
clients = ["192.168.0.0/16", "fd00::/8", "192.0.2.7"]
local_names = ["App.test", "*.dev.test"]
allow = ["wiki.lan", "*.office.test", "10.1.0.0/16", "fd12::1", "192.168.1.1"]

[[listener]]
address = ["127.0.0.1:0", "[::1]:0"]
private = "deny"

[limits]
connections = 100
head = "16KiB"
fields = 50
linger = 1000

[timeouts]
first_byte = "2min"
content = "1500ms"

[tunnel]
serve = "always"
no_opaque_ports = [80, 443]
)",
                           "f");
  ASSERT_TRUE(config) << text_of(config.error());
  ASSERT_EQ(config->resolver.servers.size(), 2u);
  EXPECT_EQ(config->resolver.servers[1].text(), "[2001:db8::53]:5353");
  EXPECT_EQ(config->blocked_ports, (std::vector<uint16_t>{22, 25}));
  EXPECT_EQ(config->own_name, "proxy.example");
  EXPECT_EQ(config->via_pseudonym, "weir-2");
  EXPECT_EQ(config->workers, 3u);
  EXPECT_TRUE(config->debug);
  ASSERT_EQ(config->listeners.size(), 2u);
  const ListenerConfig &open = config->listeners[0], &own = config->listeners[1];
  EXPECT_TRUE(is_reachable(open));
  EXPECT_EQ(open.clients.size(), 3u);
  EXPECT_EQ(open.policy.local_names[1].text(), "*.dev.test");
  EXPECT_EQ(open.policy.allowed_names.size(), 2u);
  EXPECT_EQ(open.policy.allowed_networks.size(), 3u);
  EXPECT_FALSE(is_reachable(own));
  EXPECT_EQ(own.addresses.size(), 2u);
  EXPECT_FALSE(own.policy.private_allowed);
  EXPECT_EQ(config->max_connections, 100u);
  EXPECT_EQ(config->server.head_bytes, 16384u);
  EXPECT_EQ(config->origin.head_bytes, 16384u);
  EXPECT_EQ(config->origin.head_fields, 50u);
  EXPECT_EQ(config->server.linger_bytes, 1000u);
  EXPECT_EQ(config->origin.first_byte_timeout_ms, 120'000u);
  EXPECT_EQ(config->tunnel.silence_timeout_ms, 120'000u);
  EXPECT_EQ(config->server.content_timeout_ms, 1500u);
  EXPECT_EQ(config->tunnel.serve, tunnel::Serve::always);
  EXPECT_EQ(read("", "f")->tunnel.serve, tunnel::Serve::needed);
  EXPECT_EQ(config->tunnel.no_opaque_ports, (std::vector<uint16_t>{80, 443}));
  EXPECT_EQ(read("blocked_ports = []", "f")->blocked_ports, std::vector<uint16_t>());
  // Dotted keys and inline tables are TOML like any other.
  EXPECT_EQ(read("limits.fields = 77\ntimeouts = { head = \"3s\" }", "f")->server.head_fields, 77u);
}

TEST(Reader, MistakesAreAllNamedWithTheirPlaces) {
  const struct {
    const char *text, *expected;
  } cases[] = {
      {"clinets = 1",
       "f:1:1: unknown key \"clinets\"; expected a known key or table; the nearest one is clients "
       "in [[listener]]\n"},
      {"[limit]\nhead = 1",
       "f:1:2: unknown key \"limit\"; expected a known key or table; the nearest one is "
       "[limits]\n"},
      {"\n[limits]\n  feilds = 3\n",
       "f:3:3: unknown key \"feilds\"; expected a key of [limits]; the nearest one is fields\n"},
      {"[limits]\nconnect = \"1s\"",
       "f:2:1: unknown key \"connect\"; expected a key of [limits]; the nearest one is "
       "timeouts.connect\n"},
      {"[[listener]]\naddress = \"127.0.0.1:1\"\nalow = []",
       "f:3:1: unknown key \"alow\"; expected a key of [[listener]]; the nearest one is allow\n"},
      {"[unheard_of]\nx = 1", "f:1:2: unknown key \"unheard_of\"; expected a known key or table\n"},
      // Nothing is near: all that could be meant.
      {"[pages]\nallow_destinations = []",
       "f:2:1: unknown key \"allow_destinations\"; expected a key of [pages]: contact, folder\n"},
      {"blockedports = []",
       "f:1:1: unknown key \"blockedports\"; expected a known key or table; the nearest one is "
       "blocked_ports\n"},
      {"[timeouts]\nhead = 10",
       "f:2:8: head is 10: the unit is missing; expected a duration such as \"500ms\", \"10s\", "
       "\"15min\" or \"2h\", from 100ms to 1h\n"},
      {"[timeouts]\nhead = \"10\"",
       "f:2:8: head is \"10\"; expected a duration such as \"500ms\", \"10s\", \"15min\" or "
       "\"2h\", from 100ms to 1h\n"},
      {"[timeouts]\nhead = \"2h\"",
       "f:2:8: head is \"2h\"; expected a duration such as \"500ms\", \"10s\", \"15min\" or "
       "\"2h\", from 100ms to 1h\n"},
      {"[limits]\nmemory = 1",
       "f:2:10: memory is 1; expected a size such as \"64KiB\" or \"16MiB\", or a number of bytes, "
       "from 2MiB to 1024GiB, or 0\n"},
      {"[limits]\nfields = -1", "f:2:10: fields is -1; expected a whole number from 10 to 10000\n"},
      {"[limits]\nfields = \"many\"",
       "f:2:10: fields is \"many\"; expected a whole number from 10 to 10000\n"},
      {"[limits]\nfields = 1.5",
       "f:2:10: fields is a number with a point; expected a whole number from 10 to 10000\n"},
      {"[limits]\nhead = \"64KB\"",
       "f:2:8: head is \"64KB\"; expected a size such as \"64KiB\" or \"16MiB\", or a number of "
       "bytes, from 1KiB to 64KiB\n"},
      {"debug = \"yes\"", "f:1:9: debug is \"yes\"; expected true or false\n"},
      {"workers = true", "f:1:11: workers is true; expected a whole number from 0 to 1024\n"},
      {"limits = 3", "f:1:10: limits is 3; expected a table, written as [limits]\n"},
      {"blocked_ports = 25",
       "f:1:17: blocked_ports is 25; expected a list of ports from 0 to 65535, such as [25, "
       "3306]\n"},
      {"blocked_ports = [25, 65536, \"x\"]",
       "f:1:22: blocked_ports is 65536; expected a list of ports from 0 to 65535, such as [25, "
       "3306]\n"
       "f:1:29: blocked_ports is \"x\"; expected a list of ports from 0 to 65535, such as [25, "
       "3306]\n"},
      {"resolver = [\"192.0.2.1\"]",
       "f:1:13: resolver is \"192.0.2.1\"; expected a string of address and port such as "
       "\"127.0.0.1:9876\" or \"[::1]:9876\", or a list of them\n"},
      {"own_name = \"*.x\"",
       "f:1:12: own_name is \"*.x\": it is one name, not all below it; expected a host name such "
       "as \"weir.internal\"\n"},
      {"[tunnel]\nserve = \"sometimes\"",
       "f:2:9: serve is \"sometimes\"; expected \"needed\", \"always\" or \"never\"\n"},
      {"[tunnel]\nserve = \"never\"\nno_opaque_ports = [80]",
       "f:2:9: serve is \"never\" beside no_opaque_ports, which need the inside of their tunnels; "
       "expected \"needed\" or \"always\", or no no_opaque_ports\n"},
      {"via = \"a b\"",
       "f:1:7: via is \"a b\"; expected a word of letters, digits and `-._~!#$%&'*+^|`\n"},
      {"[[listener]]\nclients = []",
       "f:1:1: [[listener]] has no address; expected a string of address and port such as "
       "\"127.0.0.1:9876\" or \"[::1]:9876\", or a list of them\n"},
      {"[[listener]]\naddress = []",
       "f:2:11: address is a list: it is empty; expected a string of address and port such as "
       "\"127.0.0.1:9876\" or \"[::1]:9876\", or a list of them\n"},
      {"[listener]\naddress = \"127.0.0.1:1\"",
       "f:1:2: listener is a table; expected tables, each begun by a line [[listener]]\n"},
      {"listener = [1]",
       "f:1:1: listener is a list; expected tables, each begun by a line [[listener]]\n"},
      {"[[listener]]\naddress = \"localhost:9876\"",
       "f:2:11: address is \"localhost:9876\"; expected a string of address and port such as "
       "\"127.0.0.1:9876\" or \"[::1]:9876\", or a list of them\n"},
      {"[[listener]]\naddress = \"127.0.0.1:1\"\nprivate = \"yes\"",
       "f:3:11: private is \"yes\"; expected \"allow\" or \"deny\"\n"},
      {"[[listener]]\naddress = \"127.0.0.1:1\"\nclients = [\"10.0.0.1/8\"]",
       "f:3:12: clients is \"10.0.0.1/8\": \"10.0.0.1/8\" has bits set beyond its prefix: the "
       "network is 10.0.0.0/8, the single address "
       "10.0.0.1; expected a list of networks and addresses such as [\"192.168.0.0/16\", "
       "\"fd00::/8\", \"192.0.2.7\"]\n"},
      {"[[listener]]\naddress = \"127.0.0.1:1\"\nallow = [\"a..b\"]",
       "f:3:10: allow is \"a..b\": \"a..b\" is no host name or `*.suffix`: it has an empty part "
       "between dots; expected a list of names and "
       "networks such as [\"wiki.lan\", \"*.office.example\", \"10.1.0.0/16\"]\n"},
      {"\"a\\u001bb\" = 1", "f:1:1: unknown key \"a\\u001Bb\"; expected a known key or table\n"},
      // Several at once, in the order of their places.
      {"zzz = 1\n[timeouts]\nconnect = 5\nhaed = \"1s\"\n[limits]\nfields = 1",
       "f:1:1: unknown key \"zzz\"; expected a known key or table\n"
       "f:3:11: connect is 5: the unit is missing; expected a duration such as \"500ms\", \"10s\", "
       "\"15min\" or \"2h\", from 100ms to 1h\n"
       "f:4:1: unknown key \"haed\"; expected a key of [timeouts]; the nearest one is head\n"
       "f:6:10: fields is 1; expected a whole number from 10 to 10000\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(mistakes_of(c.text), c.expected) << c.text;
}

TEST(Reader, GrammarsMistakesHaveAPlaceToo) {
  for (const char* text :
       {"a = ", "[limits\n", "a = 1\na = 2", "= 1", "a = 'x\n", "a = \x80",
        "workers = 1 workers = 2", "[a]\n[a]", "[^a]", "[[^a]]", "\u00e4 = 1", "a \u00e4"}) {
    const auto result = read(text, "weir.toml");
    ASSERT_FALSE(result) << text;
    ASSERT_EQ(result.error().size(), 1u);
    EXPECT_NE(result.error()[0].at.line, 0u) << text;
    EXPECT_TRUE(result.error()[0].text().starts_with("weir.toml:")) << result.error()[0].text();
  }
}

TEST(Reader, ListenersThatOthersReachNeedClients) {
  const struct {
    const char *listener, *found;
  } cases[] = {
      {"address = \"127.0.0.1:1\"", ""},
      {"address = \"127.9.9.9:1\"", ""},
      {"address = \"[::1]:1\"", ""},
      {"address = \"127.0.0.1:1\"\nclients = [\"127.0.0.1\"]", ""},
      {"address = \"0.0.0.0:1\"\nclients = [\"10.0.0.0/8\"]", ""},
      {"address = \"0.0.0.0:1\"\nclients = [\"0.0.0.0/0\"]", ""},
      {"address = \"0.0.0.0:1\"\nclients = [\"10.0.0.0/8\"]\nprivate = \"deny\"", ""},
      {"address = \"0.0.0.0:1\"",
       "f:2:11: other machines can reach 0.0.0.0:1, and there are no clients"},
      {"address = \"[::]:1\"\nclients = []", "f:2:11: other machines can reach [::]:1"},
      {"address = \"192.168.1.1:1\"", "f:2:11: other machines can reach 192.168.1.1:1"},
      {"address = \"[fe80::1]:1\"", "f:2:11: other machines"},
      {"address = \"[::ffff:0.0.0.0]:1\"", "f:2:11: other machines"},
      {"address = [\"127.0.0.1:1\", \"10.0.0.1:1\"]",
       "f:2:27: other machines can reach 10.0.0.1:1"},
      {"address = \"0.0.0.0:1\"\nclients = [\"10.0.0.0/8\"]\nprivate = \"allow\"",
       "f:4:11: private is \"allow\" where other machines"},
  };
  for (const auto& c : cases) {
    const std::string mistakes = mistakes_of("[[listener]]\n" + std::string(c.listener));
    EXPECT_EQ(mistakes.empty(), *c.found == '\0') << c.listener << '\n' << mistakes;
    EXPECT_TRUE(mistakes.starts_with(c.found)) << mistakes;
  }
}

TEST(Reader, AddressesThatCollide) {
  const struct {
    const char *first, *second;
    bool collide;
  } cases[] = {
      {"127.0.0.1:1", "127.0.0.1:1", true}, {"127.0.0.1:1", "127.0.0.1:2", false},
      {"127.0.0.1:1", "[::1]:1", false},    {"0.0.0.0:1", "127.0.0.1:1", true},
      {"0.0.0.0:1", "[::]:1", false},       {"127.0.0.1:0", "127.0.0.1:0", false},
      {"[::]:1", "[::1]:1", true},
  };
  for (const auto& c : cases) {
    const std::string clients = "clients = [\"127.0.0.1\"]\n";
    const std::string text = "[[listener]]\naddress = \"" + std::string(c.first) + "\"\n" +
                             clients + "[[listener]]\naddress = \"" + c.second + "\"\n" + clients;
    const std::string mistakes = mistakes_of(text);
    EXPECT_EQ(!mistakes.empty(), c.collide) << c.first << ' ' << c.second << '\n' << mistakes;
    if (c.collide) {
      EXPECT_TRUE(mistakes.starts_with("f:5:11: " + std::string(c.second) + " collides with " +
                                       c.first + " in line 2;"))
          << mistakes;
    }
  }
}

TEST(Keys, EachIsDescribedAndTakesItsDefault) {
  std::set<std::string> names;
  for (const Key& key : all_keys().keys()) {
    EXPECT_TRUE(names.insert(all_keys().full_name(key)).second) << all_keys().full_name(key);
    EXPECT_TRUE(key.doc.ends_with('.')) << all_keys().full_name(key);
    EXPECT_TRUE(key.table.empty() || all_keys().find_group(key.table)) << all_keys().full_name(key);
    EXPECT_EQ(all_keys().find_key(key.table, key.name), &key);
    EXPECT_LE(key.least, key.most);
  }
  for (const char* name : {"resolver", "blocked_ports", "own_name", "address in [[listener]]",
                           "clients in [[listener]]", "private in [[listener]]",
                           "local_names in [[listener]]", "allow in [[listener]]"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Keys, EachNameInAnOrderIsAKey) {
  for (const Group& group : all_keys().groups()) {
    std::istringstream words{std::string(group.order)};
    for (std::string word; words >> word;)
      EXPECT_TRUE(all_keys().find_key(group.name, word)) << group.name << ' ' << word;
  }
}

TEST(Keys, ThoseThatNeedARestartAreNamedWhereTheyDiffer) {
  Config before, now;
  EXPECT_TRUE(changed_until_restart(before, now).empty());
  now.debug = true;
  now.drain_timeout_ms = 1;
  now.listeners.clear();
  EXPECT_TRUE(changed_until_restart(before, now).empty()) << "a reload changes these";
  now.control = "/c";
  now.log_backlog_bytes = 1 << 20;
  EXPECT_EQ(changed_until_restart(before, now),
            (std::vector<std::string>{"control", "limits.log_backlog"}));
}

TEST(Reader, AListenersLoginMayBeLeftOut) {
  const auto required = [](const char* line) {
    const auto config = read(std::string("[login]\nfile = \"/f\"\n[[listener]]\n") +
                                 "address = \"127.0.0.1:1\"\n" + line,
                             "f");
    EXPECT_TRUE(config) << text_of(config.error());
    return config->listeners[0].login.required;
  };
  EXPECT_EQ(required(""), std::nullopt);
  EXPECT_EQ(required("login = true\n"), true);
  EXPECT_EQ(required("login = false\n"), false);
}

TEST(Reader, ALoginThatNobodyCanPassIsAMistake) {
  const std::string listeners =
      "[[listener]]\naddress = \"127.0.0.1:1\"\nlogin = false\n"
      "[[listener]]\naddress = \"127.0.0.1:2\"\nlogin = true\n";
  const std::string said =
      "f:6:9: login is true, and there is no file of logins; expected one, such as file = "
      "\"/etc/weir/htpasswd\" in [login]\n";
  EXPECT_EQ(mistakes_of(listeners), said);
  EXPECT_EQ(mistakes_of(listeners + "[login]\nfile = \"\"\n"), said);
  EXPECT_EQ(mistakes_of(listeners + "[login]\nfile = \"/f\"\n"), "");
  EXPECT_EQ(mistakes_of("[[listener]]\naddress = \"127.0.0.1:1\"\nlogin = \"no\"\n"),
            "f:3:9: login is \"no\"; expected true or false\n");
}

TEST(Reference, TheCommentedDefaultsReadBack) {
  const auto config = read(commented_defaults(), "f");
  ASSERT_TRUE(config) << text_of(config.error());
  EXPECT_EQ(*config, Config());
}

TEST(Reference, EveryKeyOfTheDefaultsIsRead) {
  // Spoils each value in turn: then the mistake must be reported at its place, which shows that
  // every printed key is read.
  const std::string text = commented_defaults();
  for (const Key& key : all_keys().keys()) {
    const Group* const group = all_keys().find_group(key.table);
    // These tables are comments in that text, since there are none by default.
    if (group && group->tables.form != Tables::Form::single && key.table != kListener) continue;
    const std::string header = key.table.empty()        ? ""
                               : key.table == kListener ? "\n[[listener]]\n"
                                                        : "\n[" + std::string(key.table) + "]\n";
    const size_t begin = header.empty() ? 0 : text.find(header);
    ASSERT_NE(begin, std::string::npos) << header;
    size_t at = text.find('\n' + std::string(key.name) + " = ", begin);
    std::string spoiled = text;
    if (at == std::string::npos) {
      // It is left out by default.
      at = text.find("\n# " + std::string(key.name) + " = true\n", begin);
      ASSERT_NE(at, std::string::npos) << all_keys().full_name(key);
      spoiled.erase(at + 1, 2);
    }
    spoiled.insert(at + 1 + key.name.size() + 3, "1979-05-27 #");
    // The rest of a list in several lines is not TOML, which is a mistake too.
    EXPECT_FALSE(read(spoiled, "f")) << all_keys().full_name(key);
  }
}

TEST(Reference, ThePageInTheGuideIsTheOneThatIsPrinted) {
  EXPECT_EQ(contents(WEIR_SOURCE_DIR "/docs/guide/configuration.md"), reference())
      << "write it again: weir config --reference > docs/guide/configuration.md";
}

TEST(Examples, HaveNoMistakes) {
  for (const char* name : {"own-machine", "office", "small-machine", "containers", "ssh"}) {
    const auto config = read_file(WEIR_SOURCE_DIR "/examples/" + std::string(name) + ".toml");
    EXPECT_TRUE(config) << text_of(config.error());
  }
}

TEST(Mistakes, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("clients", "clinets"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  EXPECT_EQ(edit_distance("head", "heads"), 1u);
}

TEST(Mistakes, QuotesHideNothingFromATerminal) {
  EXPECT_EQ(in_quotes("a\x1b[2J\"\\\n"), "\"a\\u001B[2J\\\"\\\\\\u000A\"");
  EXPECT_EQ(in_quotes("b\xC3\xBC"), "\"b\xC3\xBC\"");
  EXPECT_EQ(in_quotes(std::string(400, 'x')).size(), 300u + 5);
}

TEST(Mistakes, NoTextOfAFileReachesTheTerminalAsItIs) {
  const auto config = read("own_name = \"x\\nweir: reloaded\\u001b[31m\"", "a\nb.toml");
  ASSERT_FALSE(config);
  for (const Mistake& mistake : config.error()) {
    EXPECT_EQ(mistake.text().find_first_of("\n\x1b"), std::string::npos) << mistake.text();
    EXPECT_TRUE(mistake.text().starts_with("a\\u000Ab.toml:1:")) << mistake.text();
  }
  const auto large = read("own_name = \"" + std::string(1'000'000, '/') + '"', "weir.toml");
  ASSERT_FALSE(large);
  EXPECT_LT(text_of(large.error()).size(), 2000u);
}

TEST(Mistakes, TheFirstAreToldAndTheOthersCounted) {
  std::string text;
  for (size_t i = 0; i < Mistakes::kMost + 200; ++i)
    text += "unknown" + std::to_string(i) + " = 1\n";
  const auto config = read(text, "weir.toml");
  ASSERT_FALSE(config);
  ASSERT_EQ(config.error().size(), Mistakes::kMost + 1);
  EXPECT_EQ(config.error().back().text(), "weir.toml: 200 more mistakes");
}

TEST(ReadFile, SaysWhyNot) {
  const auto missing = read_file("/nonexistent/weir.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(text_of(missing.error()),
            "/nonexistent/weir.toml: cannot be read: No such file or directory\n");
  EXPECT_EQ(text_of(read_file("/").error()), "/: cannot be read: Is a directory\n");
}

class ReadAgain : public ::testing::Test {
 protected:
  ~ReadAgain() override { unlink(file_.c_str()); }
  void write(std::string_view text) { std::ofstream(file_) << text; }
  std::string said(const Config& running) {
    const auto config = read_again(file_, running);
    return config ? "" : text_of(config.error());
  }
  const std::string file_ = ::testing::TempDir() + "weir-read-again-" + std::to_string(getpid());
};

TEST_F(ReadAgain, WaitsForNobody) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(
      said({}),
      file_ + ": cannot be read: it is no ordinary file, and a Weir that runs reads no other\n");
  EXPECT_FALSE(read_again("/dev/null", {}));
  EXPECT_FALSE(read_again("/dev/zero", {}));
  EXPECT_EQ(text_of(read_again("/nonexistent/weir.toml", {}).error()),
            "/nonexistent/weir.toml: cannot be read: No such file or directory\n");
}

TEST_F(ReadAgain, TakesNoEmptyFileForAConfiguration) {
  Config running;
  running.login.file = "/etc/weir/htpasswd";
  for (const char* text : {"", "\n \n", "# workers = 1\n"}) {
    write(text);
    EXPECT_NE(said(running).find("no key in it"), std::string::npos) << text;
    // Nothing is lost if the running configuration is empty too.
    Config nothing;
    nothing.file = file_;
    nothing.debug = nothing.debug_asked = true;
    EXPECT_EQ(said(nothing), "");
  }
  write("debug = false\n");
  EXPECT_EQ(said(running), "");
}

class Include : public ::testing::Test {
 protected:
  Include() { std::filesystem::create_directory(folder_); }
  ~Include() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ + '/' + name).parent_path());
    std::ofstream(folder_ + '/' + name) << text;
  }
  std::string main_file() const { return folder_ + "/weir.toml"; }
  /// The mistakes' lines, with the names of the files relative to the folder.
  std::string said(const std::expected<Config, std::vector<Mistake>>& config) const {
    std::string text = config ? "" : text_of(config.error());
    for (size_t at; (at = text.find(folder_ + '/')) != std::string::npos;)
      text.erase(at, folder_.size() + 1);
    return text;
  }
  std::string said() const { return said(read_file(main_file())); }

  const std::string folder_ = ::testing::TempDir() + "weir-include-" + std::to_string(getpid());
};

TEST_F(Include, JoinsTheTablesOfAllFiles) {
  write("weir.toml",
        "include = [\"conf.d/one.toml\", \"two.toml\"]\n[limits]\nfields = 50\n"
        "[[listener]]\naddress = \"127.0.0.1:3\"\n");
  write("conf.d/one.toml",
        "include = [\"../deep.toml\"]\n[limits]\nhead = \"16KiB\"\n"
        "[[listener]]\naddress = \"127.0.0.1:1\"\n");
  write("deep.toml", "[[listener]]\naddress = \"127.0.0.1:0\"\n");
  write("two.toml", "workers = 3\n[[listener]]\naddress = \"127.0.0.1:2\"\n");
  const auto config = read_file(main_file());
  ASSERT_TRUE(config) << said(config);
  EXPECT_EQ(config->workers, 3u);
  EXPECT_EQ(config->server.head_bytes, 16384u);
  EXPECT_EQ(config->server.head_fields, 50u);
  ASSERT_EQ(config->listeners.size(), 4u);
  for (uint16_t i = 0; i < 4; ++i) EXPECT_EQ(config->listeners[i].addresses[0].port, i);
  EXPECT_EQ(config->include,
            (std::vector<std::string>{folder_ + "/conf.d/../deep.toml",
                                      folder_ + "/conf.d/one.toml", folder_ + "/two.toml"}));
}

TEST_F(Include, MistakesNameTheirFile) {
  write("weir.toml",
        "include = [\"one.toml\", \"two.toml\"]\nclinets = 1\n[limits]\nhead = \"2KiB\"\n");
  write("one.toml", "\n[limits]\nhead = \"1KiB\"\nfields = 1\n");
  write("two.toml", "workers = \n");
  const std::string expected =
      "weir.toml:2:1: unknown key \"clinets\"; expected a known key or table; the nearest one is "
      "clients in [[listener]]\n"
      "weir.toml:4:8: head is set in one.toml:3:8 already; expected each key in one file only\n"
      "one.toml:4:10: fields is 1; expected a whole number from 10 to 10000\n"
      "two.toml:1:11: ";
  // What follows is toml++'s own description.
  EXPECT_EQ(said().substr(0, expected.size()), expected);
}

TEST_F(Include, ChecksSeeAllFiles) {
  write("weir.toml",
        "include = [\"one.toml\"]\n[tunnel]\nno_opaque_ports = [80]\n"
        "[[listener]]\naddress = \"127.0.0.1:1\"\n");
  write("one.toml", "[tunnel]\nserve = \"never\"\n[[listener]]\naddress = \"127.0.0.1:1\"\n");
  EXPECT_EQ(said(),
            "weir.toml:5:11: 127.0.0.1:1 collides with 127.0.0.1:1 in one.toml:4:11; expected each "
            "address and port once\n"
            "one.toml:2:9: serve is \"never\" beside no_opaque_ports, which need the inside of "
            "their tunnels; expected \"needed\" or \"always\", or no no_opaque_ports\n");
}

TEST_F(Include, WhatCanNotBeIncluded) {
  write("one.toml", "include = [\"weir.toml\"]\n");
  write("two.toml", "");
  write("large.toml", std::string(kLargestFiles, '#'));
  std::filesystem::create_symlink("two.toml", folder_ + "/link.toml");
  const std::string files =
      "; expected a list of configuration files such as [\"listeners.toml\", "
      "\"/etc/weir/login.toml\"]\n";
  const struct {
    std::string include, expected;
  } cases[] = {
      {"[]", ""},
      {"[\"two.toml\"]", ""},
      {"[\"" + folder_ + "/two.toml\"]", ""},
      {"\"two.toml\"", "weir.toml:1:11: include is \"two.toml\"" + files},
      {"[\"\"]", "weir.toml:1:12: include is \"\"" + files},
      {"[3, \"two.toml\"]", "weir.toml:1:12: include is 3" + files},
      {"[\"a\\u0000b\"]", "weir.toml:1:12: include is \"a\\u0000b\"" + files},
      {"[\"none.toml\"]",
       "weir.toml:1:12: include is \"none.toml\": it cannot be read: No such file or directory\n"},
      {"[\".\"]", "weir.toml:1:12: include is \".\": it cannot be read: Is a directory\n"},
      {"[\"weir.toml\"]",
       "weir.toml:1:12: include is \"weir.toml\": it leads in a circle, back to weir.toml; "
       "expected no file that includes itself\n"},
      {"[\"one.toml\"]",
       "one.toml:1:12: include is \"weir.toml\": it leads in a circle, back to weir.toml; "
       "expected no file that includes itself\n"},
      {"[\"two.toml\", \"link.toml\"]",
       "weir.toml:1:24: include is \"link.toml\": it is included in weir.toml:1:12 already; "
       "expected each file once\n"},
      {"[\"large.toml\"]",
       "weir.toml:1:12: include is \"large.toml\": with it the files are larger than 4 MiB "
       "together\n"},
  };
  for (const auto& c : cases) {
    write("weir.toml", "include = " + c.include);
    EXPECT_EQ(said(), c.expected) << c.include;
  }
}

TEST_F(Include, NotTooDeep) {
  for (int i = 0; i < 9; ++i)
    write(std::to_string(i) + ".toml", "include = [\"" + std::to_string(i + 1) + ".toml\"]\n");
  write("8.toml", "workers = 2\n");
  EXPECT_EQ(said(read_file(folder_ + "/0.toml")), "");
  write("8.toml", "include = [\"9.toml\"]\n");
  write("9.toml", "workers = 2\n");
  EXPECT_EQ(said(read_file(folder_ + "/0.toml")),
            "8.toml:1:12: include is \"9.toml\": it is included more than 8 deep; expected at most "
            "8\n");
}

TEST_F(Include, NotTooMany) {
  const auto include = [&](int count) {
    std::string names;
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i) + ".toml";
      write(name, "");
      names += '"' + name + "\",\n";
    }
    write("weir.toml", "include = [\n" + names + "]\n");
  };
  include(64);
  EXPECT_EQ(said(), "");
  include(70);
  EXPECT_EQ(said(),
            "weir.toml:66:1: include is \"64.toml\": it is one more than 64 files; expected at "
            "most 64\n");
}

TEST_F(Include, IsNotForTexts) {
  EXPECT_EQ(mistakes_of("include = [\"/etc/passwd\"]"),
            "f:1:12: include is \"/etc/passwd\": it cannot be read: a text that is no file "
            "includes none\n");
}

TEST_F(Include, AReloadReadsOrdinaryFilesThatHaveKeys) {
  write("weir.toml", "include = [\"one.toml\", \"blank.toml\"]\n");
  write("one.toml", "workers = 2\n");
  write("blank.toml", "# Nothing yet.\n");
  const auto running = read_file(main_file());
  ASSERT_TRUE(running) << said(running);
  EXPECT_EQ(said(read_again(main_file(), *running)), "");
  write("one.toml", "");
  EXPECT_EQ(said(read_again(main_file(), *running)),
            "one.toml: there is no key in it, as in a file that is just being written; expected at "
            "least one\n");
  std::filesystem::remove(folder_ + "/one.toml");
  ASSERT_EQ(mkfifo((folder_ + "/one.toml").c_str(), 0600), 0);
  EXPECT_EQ(said(read_again(main_file(), *running)),
            "weir.toml:1:12: include is \"one.toml\": it cannot be read: it is no ordinary file, "
            "and a Weir that runs reads no other\n");
  write("weir.toml", "");
  EXPECT_EQ(said(read_again(main_file(), *running)),
            "weir.toml: there is no key in it, as in a file that is just being written; expected "
            "at least one\n");
}

}  // namespace
}  // namespace weir::config
