#include "policy/directory.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

base::IpAddress ip(const char* text) {
  return base::IpAddress::parse(text).value();
}
base::Cidr net(const char* text) {
  return base::Cidr::parse(text).value();
}

const std::vector<ClientConfig> kClients = {
    {.name = "tablet", .addresses = {net("192.0.2.7"), net("2001:db8::7")}, .groups = {"kids"}},
    {.name = "lan", .addresses = {net("192.0.2.0/24")}, .groups = {"home"}},
    {.name = "finance", .users = {"ada", "bob"}, .groups = {"staff", "finance"}},
    {.name = "guests", .listeners = {"guest"}, .groups = {"guests"}},
    {.name = "tablet", .addresses = {net("192.0.2.8")}},
};
const std::vector<ListenerName> kListeners = {{}, {.name = "guest", .groups = {"outside"}}};

std::string told(const Directory& directory, const Who& who) {
  std::string text;
  for (const uint32_t client : who.all_clients()) text += directory.name_of_client(client) + ' ';
  text += '|';
  for (const std::string& group : directory.names_of_groups(who.groups)) text += ' ' + group;
  return text;
}

TEST(Directory, WhoBelongsWhere) {
  const Directory directory(kClients, kListeners);
  const auto of = [&](uint32_t listener, const char* address, const char* user) {
    return told(directory, directory.of(listener, ip(address), user));
  };
  EXPECT_EQ(of(0, "192.0.2.7", ""), "tablet lan | kids home");
  EXPECT_EQ(of(0, "2001:db8::7", ""), "tablet | kids");
  EXPECT_EQ(of(0, "192.0.2.9", ""), "lan | home");
  EXPECT_EQ(of(0, "198.51.100.1", "bob"), "finance | staff finance");
  EXPECT_EQ(of(1, "198.51.100.1", ""), "guests | outside guests");
  EXPECT_EQ(of(1, "192.0.2.8", "ada"),
            "tablet lan finance guests | outside home staff finance guests");
  EXPECT_EQ(of(7, "198.51.100.1", "Ada"), "|") << "users' names keep their case";
  EXPECT_EQ(told(Directory(), Directory().of(0, ip("::1"), "x")), "|");
}

TEST(Directory, NamesAsNumbers) {
  const Directory directory(kClients, kListeners);
  EXPECT_EQ(directory.clients_named("tablet"), (std::vector<uint32_t>{0, 4}));
  EXPECT_TRUE(directory.clients_named("nobody").empty());
  EXPECT_EQ(directory.listeners_named("guest"), std::vector<uint32_t>{1});
  EXPECT_TRUE(directory.listeners_named("").empty()) << "a listener without a name has none";
  EXPECT_EQ(directory.group_named("nobody"), 0u);
  EXPECT_EQ(std::popcount(directory.group_named("kids")), 1);
  EXPECT_EQ(directory.groups(), 6u);
}

TEST(Directory, NobodyIsInMoreGroupsOrEntriesThanThereIsRoomFor) {
  std::vector<ClientConfig> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back({.name = "c" + std::to_string(i),
                       .addresses = {net("192.0.2.7")},
                       .groups = {"g" + std::to_string(i)}});
  }
  const Directory directory(clients, {});
  const Who who = directory.of(0, ip("192.0.2.7"), "");
  EXPECT_EQ(who.clients, Who::kMostClients);
  EXPECT_EQ(who.groups, ~uint64_t{0}) << "all that have a bit, though not all entries are named";
  EXPECT_EQ(directory.groups(), 100u);
  EXPECT_EQ(directory.group_named("g99"), 0u);
}

}  // namespace
}  // namespace weir::policy
