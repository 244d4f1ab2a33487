#include "policy/grants.h"

#include <gtest/gtest.h>

#include "policy/rulebook.h"

namespace weir::policy {
namespace {

using Kind = Grant::Kind;

Grant grant(Kind kind, const char* host, int64_t until = 0) {
  Grant made{.kind = kind, .until = until};
  if (*host != 0) made.host = *match::SitePattern::parse(host);
  return made;
}

TEST(Grants, AreReadAsTheyAreWritten) {
  Grants grants;
  EXPECT_EQ(grants.add(grant(Kind::allow, "youtube.com", 1'800'000'000)), 1u);
  Grant tablet = grant(Kind::block, "*.games.test");
  tablet.client = "Ada's tablet 100%\n";
  EXPECT_EQ(grants.add(tablet), 2u);
  Grant pause = grant(Kind::pause, "", 5'000'000'000);
  pause.group = "kids";
  EXPECT_EQ(grants.add(pause), 3u);
  EXPECT_TRUE(grants.revoke(3));
  EXPECT_EQ(grants.add(pause), 4u) << "no id is given twice";
  EXPECT_EQ(grants.add(grant(Kind::allow, "=2001:db8::1")), 5u);
  EXPECT_TRUE(grants.revoke(5));
  auto read = Grants::parse(grants.text());
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE(std::ranges::equal(read->all(), grants.all()));
  EXPECT_EQ(read->add(grant(Kind::allow, "b.test")), 6u) << "nor after a restart";
}

TEST(Grants, ADamagedFileIsRefusedWithItsLine) {
  for (const char* text :
       {"weir grants 2 1\n", "weir grants 1 x\n", "nonsense\n", "weir grants 1 9\n1 allow 0\n",
        "weir grants 1 9\n1 allow 0 a b c d\n", "weir grants 1 9\n1 open 0 a.test\n",
        "weir grants 1 9\n1 allow -1 a.test\n", "weir grants 1 9\n2 allow 0 a.test\n1 allow 0 b\n",
        "weir grants 1 1\n2 allow 0 a.test\n", "weir grants 1 9\n1 pause 0 a.test\n",
        "weir grants 1 9\n1 allow 0 a.test client=\n", "weir grants 1 9\n1 allow 0 a client=%4\n",
        "weir grants 1 9\n1 allow 0 a who=x\n", "weir grants 1 9\n1 allow 0 ..\n",
        "weir grants 1 9\n\n"}) {
    const auto read = Grants::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(read.error().starts_with("line ")) << read.error();
  }
  EXPECT_TRUE(Grants::parse("weir grants 1 0\n"));
  EXPECT_TRUE(Grants::parse("")) << "as a power cut may leave it";
}

TEST(Grants, EndInTimeAndWhenRevoked) {
  Grants grants;
  grants.add(grant(Kind::allow, "a.test", 100));
  grants.add(grant(Kind::allow, "b.test"));
  EXPECT_FALSE(grants.end(99));
  EXPECT_TRUE(grants.end(100));
  EXPECT_FALSE(grants.end(INT64_MAX));
  ASSERT_EQ(grants.all().size(), 1u);
  EXPECT_FALSE(grants.revoke(1));
  EXPECT_TRUE(grants.revoke(2));
  EXPECT_TRUE(grants.empty());
}

TEST(Grants, TheSameAgainTakesThePlaceOfTheOld) {
  Grants grants;
  grants.add(grant(Kind::allow, "a.test", 100));
  grants.add(grant(Kind::allow, "a.test", 200));
  ASSERT_EQ(grants.all().size(), 1u);
  EXPECT_EQ(grants.all()[0].until, 200);
  EXPECT_EQ(grants.all()[0].id, 2u);
}

TEST(Grants, ThereAreNeverTooMany) {
  Grants grants;
  for (size_t i = 0; i < Grants::kMost; ++i)
    ASSERT_TRUE(grants.add(grant(Kind::block, (std::to_string(i) + ".test").c_str())));
  EXPECT_FALSE(grants.add(grant(Kind::block, "more.test")));
  EXPECT_TRUE(Grants::parse(grants.text()));
}

TEST(Grants, StandBehindGuardsAndBeforeRules) {
  const Directory directory({{.name = "tablet", .groups = {"kids"}}}, {});
  Table table;
  Rule& guard = table.guards.emplace_back();
  guard.name = "guard";
  guard.condition.what.hosts.add(*match::SitePattern::parse("bad.test"));
  Rule& deny = table.rules.emplace_back();
  deny.name = "all";
  Grants grants;
  grants.add(grant(Kind::block, "*"));
  grants.add(grant(Kind::allow, "bad.test"));
  Grant tablet = grant(Kind::allow, "good.test");
  tablet.client = "tablet";
  grants.add(tablet);
  Grant gone = grant(Kind::allow, "other.test");
  gone.client = "nobody";
  grants.add(gone);
  grants.add_to(table, directory);
  const auto book = make_rulebook({std::move(table), {}}, Directory(), nullptr, {});
  const auto asked = [&](std::string_view host, std::optional<uint32_t> client = {}) {
    Facts facts{.host = host, .port = 80};
    if (client) {
      facts.who.client[0] = *client;
      facts.who.clients = 1;
    }
    return judge(*book, facts, Point::request, false).rule->name;
  };
  EXPECT_EQ(asked("bad.test"), "guard");
  EXPECT_EQ(asked("good.test"), "grant 1");
  EXPECT_EQ(asked("good.test", 0), "grant 3");
  EXPECT_EQ(asked("other.test"), "grant 1") << "a client that is not there is nobody, not everyone";
}

}  // namespace
}  // namespace weir::policy
