#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace weir::cli {
namespace {

Command command(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "weir");
  return read_command_line(static_cast<int>(arguments.size()), arguments.data());
}

/// A file that is removed after the test.
class File {
 public:
  explicit File(std::string_view text) {
    path_ = ::testing::TempDir() + "weir_command_line_XXXXXX";
    const int fd = ::mkstemp(path_.data());
    EXPECT_GE(fd, 0);
    ::close(fd);
    std::ofstream(path_) << text;
  }
  ~File() { std::remove(path_.c_str()); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

TEST(CommandLine, APortIsAllThatIsNeeded) {
  const std::pair<const char*, uint16_t> cases[] = {
      {"9876", 9876}, {"0", 0}, {"1", 1}, {"65535", 65535}};
  for (const auto& [text, port] : cases) {
    const Command start = command({text});
    ASSERT_TRUE(start.run) << text << start.complaint;
    EXPECT_EQ(start.run->listeners, std::vector{config::loopback_listener(port)});
    EXPECT_FALSE(start.run->debug);
    EXPECT_EQ(start.output + start.complaint, "");
  }
  EXPECT_TRUE(command({"9876", "--debug"}).run->debug);
  EXPECT_TRUE(command({"--debug", "9876"}).run->debug);
}

TEST(CommandLine, WhatIsNotUnderstoodIsStatus2AndAUsageLine) {
  const std::vector<std::vector<const char*>> cases = {
      {},
      {""},
      {"abc"},
      {"70000"},
      {"65536"},
      {"-1"},
      {"+1"},
      {"1.5"},
      {"09876"},
      {"9876 "},
      {"0x10"},
      {"9876", "extra"},
      {"9876", "9877"},
      {"--nope", "1"},
      {"1", "--nope"},
      {"--debug"},
      {"--config"},
      {"--config", ""},
      {"--config", "a.toml", "9876"},
      {"check"},
      {"check", "a", "b"},
      {"9876", "check", "a"},
      {"--debug", "check", "a"},
      {"config"},
      {"config", "--defaults", "--reference"},
      {"config", "--nope"},
      {"config", "9876"},
      {"check", "a", "config", "--defaults"},
  };
  for (const auto& arguments : cases) {
    const Command refused = command(arguments);
    std::string all;
    for (const char* argument : arguments) all += std::string(argument) + ' ';
    EXPECT_FALSE(refused.run) << all;
    EXPECT_EQ(refused.status, 2) << all;
    EXPECT_EQ(refused.output, "") << all;
    const bool known =
        !arguments.empty() && (all.starts_with("check ") || all.starts_with("config "));
    EXPECT_NE(refused.complaint.find(known ? "\nusage: weir c" : "\nusage: weir PORT"),
              std::string::npos)
        << all << refused.complaint;
    EXPECT_EQ(std::ranges::count(refused.complaint, '\n'), 2) << all << refused.complaint;
  }
}

TEST(CommandLine, AMistypedCommandIsToldTheNearest) {
  const struct {
    std::vector<const char*> arguments;
    const char* said;
  } cases[] = {
      {{"alow", "x"}, "there is no command \"alow\"; the nearest is allow\n"},
      {{"deny", "x"}, "there is no command \"deny\"; the nearest is block\n"},
      {{"resume"}, "there is no command \"resume\"; the nearest is revoke\n"},
      {{"list"}, "there is no command \"list\"; the nearest is lists\n"},
      {{"grant"}, "there is no command \"grant\"; the nearest is grants\n"},
      {{"--debug", "stauts"}, "there is no command \"stauts\"; the nearest is status\n"},
      {{"nonsense"}, "there is no command \"nonsense\"\n"},
      {{"a\x1b[31m"}, "there is no command \"a\\u001B[31m\"\n"},
      {{"m.toml"}, "there is no command \"m.toml\"; did you mean weir --config m.toml?\n"},
      {{"/etc/weir", "--debug"},
       "there is no command \"/etc/weir\"; did you mean weir --config /etc/weir?\n"},
      {{"70000"}, "PORT is a number from 0 to 65535, not \"70000\"\n"},
      {{"9876", "b", "a"}, "The following arguments were not expected: b a\n"},
  };
  for (const auto& each : cases) {
    const Command refused = command(each.arguments);
    EXPECT_EQ(refused.status, 2) << each.said;
    EXPECT_TRUE(
        refused.complaint.starts_with(std::string("weir: ") + each.said + "usage: weir PORT"))
        << refused.complaint;
  }
}

TEST(CommandLine, AKnownCommandShowsItsOwnUsage) {
  const struct {
    std::vector<const char*> arguments;
    const char* said;
  } cases[] = {
      {{"check"}, "FILE is required\nusage: weir check FILE\n"},
      {{"check", "a", "c", "b"},
       "The following arguments were not expected: c b\nusage: weir check FILE\n"},
      {{"passwd", "f"}, "USER is required\nusage: weir passwd FILE USER\n"},
  };
  for (const auto& each : cases) {
    const Command refused = command(each.arguments);
    EXPECT_EQ(refused.status, 2) << each.said;
    EXPECT_EQ(refused.complaint, std::string("weir: ") + each.said);
  }
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"revoke", "x"}, {"pause", "0m"}, {"lists", "of", "a"}, {"explain"}, {"status", "x"}}) {
    const std::string own = std::string("\nusage: weir ") + arguments[0] + ' ';
    EXPECT_NE(command(arguments).complaint.find(own), std::string::npos) << arguments[0];
  }
}

TEST(CommandLine, EveryCommandHasItsHelp) {
  for (const char* name : {"check", "config", "status", "reload", "allow", "block", "pause",
                           "grants", "revoke", "lists", "explain", "init", "passwd"}) {
    for (const char* help : {"--help", "-h"}) {
      const Command printed = command({name, help});
      EXPECT_EQ(printed.status, 0) << name;
      EXPECT_EQ(printed.complaint, "") << name;
      EXPECT_TRUE(printed.output.starts_with(std::string("usage: weir ") + name + ' '))
          << printed.output;
    }
    EXPECT_EQ(command({name, "x", "--help"}).status, 0) << name;
  }
}

TEST(CommandLine, HelpAndVersion) {
  for (const char* help : {"--help", "-h"}) {
    const Command printed = command({help});
    EXPECT_FALSE(printed.run);
    EXPECT_EQ(printed.status, 0);
    EXPECT_NE(printed.output.find("weir PORT"), std::string::npos);
  }
  const Command version = command({"--version"});
  EXPECT_EQ(version.status, 0);
  for (const char* part :
       {"weir 0.", "compiler: clang ", "c-ares 1.", "toml++ 3.", "CLI11 2.", "features: "}) {
    EXPECT_NE(version.output.find(part), std::string::npos) << version.output;
  }
}

TEST(CommandLine, AFile) {
  const File good("[[listener]]\naddress = \"127.0.0.1:1234\"\n"), bad("one = 1\ntwo = 2\n");
  const Command start = command({"--config", good.path()});
  ASSERT_TRUE(start.run) << start.complaint;
  EXPECT_EQ(start.run->listeners[0].addresses[0].port, 1234);
  EXPECT_TRUE(command({"--debug", "--config", good.path()}).run->debug);

  const Command checked = command({"check", good.path()});
  EXPECT_EQ(checked.status, 0);
  EXPECT_FALSE(checked.run);
  EXPECT_EQ(checked.output, std::string(good.path()) +
                                ": no mistakes\nstate_dir: " + config::default_state_dir() + '\n');

  const File odd("state_dir = \"/a\\u001b[31m\"\n");
  EXPECT_TRUE(command({"check", odd.path()}).output.ends_with("state_dir: /a\\u001B[31m\n"));

  for (const char* how : {"--config", "check"}) {
    const Command refused = command({how, bad.path()});
    EXPECT_FALSE(refused.run);
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.output, "");
    EXPECT_NE(refused.complaint.find(std::string(bad.path()) + ":1:1: unknown key \"one\""),
              std::string::npos);
    EXPECT_NE(refused.complaint.find(std::string(bad.path()) + ":2:1: unknown key \"two\""),
              std::string::npos);
    const Command missing = command({how, "/nonexistent/weir.toml"});
    EXPECT_EQ(missing.status, 1);
    EXPECT_EQ(missing.complaint,
              "/nonexistent/weir.toml: cannot be read: No such file or directory\n");
  }
}

TEST(CommandLine, ARunningWeirIsFoundByItsFile) {
  const File file("control = \"/run/other/weir\"\n[[listener]]\naddress = \"127.0.0.1:1234\"\n");
  for (const char* word : {"status", "reload"}) {
    const Command found = command({word, "--config", file.path()});
    ASSERT_TRUE(found.control) << found.complaint;
    EXPECT_EQ(found.control->path, "/run/other/weir");
    EXPECT_EQ(found.control->words, word);
    EXPECT_EQ(command({word, "1234", "--config", file.path()}).status, 2);
    EXPECT_EQ(command({word, "--config", "/nonexistent/weir.toml"}).status, 2);
  }
}

/// Sets the environment and the user as long as it lives.
class As {
 public:
  As(bool root, const std::vector<std::pair<const char*, const char*>>& environment) {
    for (const char* name : {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"}) {
      const char* value = std::getenv(name);
      before_.emplace_back(name, value ? std::optional<std::string>(value) : std::nullopt);
      unsetenv(name);
    }
    for (const auto& [name, value] : environment) setenv(name, value, 1);
    if (!root && geteuid() == 0) lowered_ = seteuid(65'534) == 0;
  }
  ~As() {
    if (lowered_) EXPECT_EQ(seteuid(0), 0);
    for (const auto& [name, value] : before_)
      value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
  }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
  bool lowered_ = false;
};

TEST(CommandLine, WhereWhatOutlivesARestartIsKept) {
  const struct {
    bool root;
    std::vector<std::pair<const char*, const char*>> environment;
    const char* expected;
  } cases[] = {
      {true, {}, "/var/lib/weir"},
      {true, {{"HOME", "/root"}, {"XDG_STATE_HOME", "/x"}}, "/var/lib/weir"},
      {true, {{"STATE_DIRECTORY", "/var/lib/one"}}, "/var/lib/one"},
      {false,
       {{"STATE_DIRECTORY", "/var/lib/one:/var/lib/two"}, {"HOME", "/home/ada"}},
       "/var/lib/one"},
      {false,
       {{"STATE_DIRECTORY", "relative"}, {"HOME", "/home/ada"}},
       "/home/ada/.local/state/weir"},
      {false, {{"HOME", "/home/ada"}}, "/home/ada/.local/state/weir"},
      {false, {{"HOME", "/home/ada"}, {"XDG_STATE_HOME", "/state"}}, "/state/weir"},
      {false, {{"HOME", "/home/ada"}, {"XDG_STATE_HOME", "state"}}, "/home/ada/.local/state/weir"},
      {false, {}, ""},
  };
  for (const auto& each : cases) {
    if (each.root && geteuid() != 0) continue;
    const As as(each.root, each.environment);
    EXPECT_EQ(config::default_state_dir(), each.expected);
  }
}

TEST(CommandLine, WhatIsPrinted) {
  EXPECT_NE(command({"config", "--defaults"}).output.find("[[listener]]"), std::string::npos);
  EXPECT_TRUE(command({"config", "--reference"}).output.starts_with("# Configuration\n"));
}

}  // namespace
}  // namespace weir::cli
