#include "net/dns/hosts_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir::net {
namespace {

std::string found(const HostsFile& hosts, std::string_view name, base::IpFamily family,
                  size_t most = 16) {
  std::vector<base::IpAddress> addresses;
  if (!hosts.find(name, family, most, addresses)) return "unknown";
  std::string out;
  for (const auto& address : addresses) out += (out.empty() ? "" : " ") + address.text();
  return out;
}

TEST(HostsFile, Lines) {
  HostsFile hosts("/nonexistent");
  hosts.parse(
      "# a comment\n"
      "127.0.0.1 localhost\n"
      "  10.0.0.1\tOne.Test   one.\tuno # dos.test\r\n"
      "10.0.0.2 one.test\n"
      "10.0.0.1 one.test\n"
      "fe80::1%lo0 zone.test\n"
      "::1 one.test ip6-localhost\n"
      "010.0.0.1 octal.test\n"
      "10.0.0 short.test\n"
      "10.0.0.3\n"
      "10.0.0.4 bad..name .bad bad! - _ok.test a/b 10.9.9.9\n"
      "10.0.0.5#name.test\n"
      "name.test 10.0.0.6\n"
      "\n \n"
      "10.0.0.7 last.test");
  const struct {
    const char* name;
    base::IpFamily family;
    const char* expected;
  } cases[] = {
      {"localhost", base::IpFamily::v4, "127.0.0.1"},
      {"localhost", base::IpFamily::v6, ""},
      {"one.test", base::IpFamily::v4, "10.0.0.1 10.0.0.2"},
      {"one.test", base::IpFamily::v6, "::1"},
      {"one", base::IpFamily::v4, "10.0.0.1"},
      {"uno", base::IpFamily::v4, "10.0.0.1"},
      {"dos.test", base::IpFamily::v4, "unknown"},
      {"zone.test", base::IpFamily::v6, "unknown"},
      {"octal.test", base::IpFamily::v4, "unknown"},
      {"short.test", base::IpFamily::v4, "unknown"},
      {"bad..name", base::IpFamily::v4, "unknown"},
      {"bad!", base::IpFamily::v4, "unknown"},
      {"_ok.test", base::IpFamily::v4, "10.0.0.4"},
      {"name.test", base::IpFamily::v4, "unknown"},
      {"last.test", base::IpFamily::v4, "10.0.0.7"},
      {"", base::IpFamily::v4, "unknown"},
      {"on", base::IpFamily::v4, "unknown"},
  };
  for (const auto& c : cases) EXPECT_EQ(found(hosts, c.name, c.family), c.expected) << c.name;
  EXPECT_EQ(found(hosts, "one.test", base::IpFamily::v4, 1), "10.0.0.1");
}

TEST(HostsFile, NamesAreBounded) {
  HostsFile hosts("/nonexistent", 100);
  std::string content;
  for (int i = 0; i < 20; ++i) content += "10.0.0.1 a b c d e f g\n";
  hosts.parse(content);
  EXPECT_EQ(hosts.size(), 100u);
  hosts.parse("10.0.0.1 " + std::string(HostsFile::kMostBytes, 'x') + " y\n10.0.0.2 z\n");
  EXPECT_EQ(hosts.size(), 0u);
}

TEST(HostsFile, IsReadAgainWhenItChanges) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("weir_hosts_" + std::to_string(getpid()));
  HostsFile hosts(path);
  EXPECT_TRUE(hosts.refresh(0));
  EXPECT_EQ(hosts.size(), 0u);
  std::ofstream(path) << "10.0.0.1 a.test\n";
  EXPECT_FALSE(hosts.refresh(999)) << "at most once a second";
  EXPECT_TRUE(hosts.refresh(1000));
  EXPECT_EQ(found(hosts, "a.test", base::IpFamily::v4), "10.0.0.1");
  EXPECT_FALSE(hosts.refresh(5000));
  std::ofstream(path, std::ios::app) << "10.0.0.2 b.test\n";
  EXPECT_TRUE(hosts.refresh(6000));
  EXPECT_EQ(hosts.size(), 2u);
  std::filesystem::remove(path);
  EXPECT_TRUE(hosts.refresh(7000));
  EXPECT_EQ(hosts.size(), 0u);
  // Neither a pipe without a writer nor a folder blocks the reader.
  mkfifo(path.c_str(), 0600);
  EXPECT_FALSE(hosts.refresh(8000));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_FALSE(hosts.refresh(9000));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace weir::net
