#include "policy/decide.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

RuleSet rules(std::vector<uint16_t> blocked) {
  RuleSet set;
  set.listeners.push_back(
      std::make_shared<const ListenerRules>(Config{}, true, blocked, OwnAddresses()));
  set.listeners.push_back(nullptr);
  return set;
}

TEST(Decide, RefusesABlockedPortExceptForWeirsOwnPages) {
  const RuleSet set = rules({25});
  Question question{.host = "site", .port = 25};
  const auto refused = decide(set, question).decision;
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type(), base::ErrorType::http_request_denied);
  question.own = true;
  EXPECT_TRUE(decide(set, question).decision);
  question = {.host = "site", .port = 80};
  EXPECT_TRUE(decide(set, question).decision);
}

TEST(Decide, WeirsOwnRequestsHaveRulesOfTheirOwn) {
  RuleSet set = rules({25});
  set.house =
      std::make_shared<const ListenerRules>(ListenerRules::for_house({}, {8080}, OwnAddresses()));
  EXPECT_TRUE(decide(set, {.listener = kHouse, .host = "site", .port = 25}).decision);
  EXPECT_FALSE(decide(set, {.listener = kHouse, .host = "site", .port = 8080}).decision);
  const auto decision = decide(set, {.listener = kHouse, .host = "site", .port = 80}).decision;
  ASSERT_TRUE(decision);
  EXPECT_EQ((*decision)->question().listener, kHouse);
  const auto asked =
      (*decision)->check_address(base::AddressSource::dns, base::IpAddress::v4(10, 1, 2, 3), 80);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().rule(), "own requests");
}

TEST(Decide, ADecisionKnowsWhatWasAskedAfterTheTextsAreGone) {
  base::Ref<const Decision> decision;
  const RuleSet set = rules({});
  {
    const std::string user = "ann", host = "site.test";
    decision = *decide(set, {.identity = user, .host = host, .port = 81}).decision;
  }
  const Question expected{.identity = "ann", .host = "site.test", .port = 81};
  EXPECT_EQ(decision->question(), expected);
  for (const Question& other :
       {Question{.host = "site.test", .port = 81},
        Question{.identity = "ann", .host = "site.tes", .port = 81},
        Question{.identity = "ann", .host = "site.test", .port = 80},
        Question{.listener = 1, .identity = "ann", .host = "site.test", .port = 81},
        Question{.identity = "ann", .host = "site.test", .port = 81, .own = true}})
    EXPECT_NE(decision->question(), other);
}

TEST(Decide, DecisionsAndRuleSetsHaveNumbersOfTheirOwn) {
  const RuleSet first = rules({}), second = rules({});
  EXPECT_LT(first.generation, second.generation);
  const auto one = *decide(first, {.host = "site", .port = 80}).decision;
  const auto two = *decide(first, {.host = "site", .port = 80}).decision;
  EXPECT_NE(one->id(), two->id());
  EXPECT_NE(one->id(), 0u);
  EXPECT_EQ(one->generation(), first.generation);
  EXPECT_EQ((*decide(second, one->question()).decision)->generation(), second.generation);
}

TEST(Decide, ADecisionKeepsItsRulesAlive) {
  base::Ref<const Decision> decision;
  {
    const RuleSet set = rules({});
    decision = *decide(set, {.host = "site", .port = 80}).decision;
  }
  const auto refused =
      decision->check_address(base::AddressSource::dns, *base::IpAddress::parse("10.0.0.1"), 80);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule(), "allow");
}

}  // namespace
}  // namespace weir::policy
