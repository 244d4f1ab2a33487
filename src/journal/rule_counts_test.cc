#include "journal/rule_counts.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::journal {
namespace {

class RuleCountsOf : public testing::Test {
 protected:
  http::FakeStages fake_;
  RuleCounts counts_;

  void note(RuleCounts& counts, std::string_view rule, std::string_view would = {}) {
    const http::Request request = fake_.request(http::fake_head("GET", "http://site/"));
    request.exchange->verdict =
        base::make_ref<http::Verdict>(rule, base::KeptText(), would, uint32_t{0});
    counts.note(*request.exchange);
  }
};

TEST_F(RuleCountsOf, NamesAreAsInTheLog) {
  for (int i = 0; i < 3; ++i) note(counts_, "kids: bedtime");
  note(counts_, "", "social media");
  note(counts_, "a\nb", "social media");
  note(counts_, "");
  const http::Request refused = fake_.request(http::fake_head("GET", "http://site:25/"));
  refused.exchange->set_error(
      base::Error(base::ErrorType::http_request_denied, "Port 25 is blocked.", "blocked_ports"));
  counts_.note(*refused.exchange);
  EXPECT_EQ(counts_.text(),
            "rule=a\\x0ab: 1\nrule=blocked_ports: 1\nrule=kids:_bedtime: 3\n"
            "would=social_media: 2\n");
}

TEST_F(RuleCountsOf, WorkersAreAddedUp) {
  RuleCounts other;
  note(counts_, "a", "w");
  note(other, "a");
  note(other, "b");
  counts_.add(other);
  EXPECT_EQ(counts_.text(), "rule=a: 2\nrule=b: 1\nwould=w: 1\n");
}

TEST_F(RuleCountsOf, ThereIsAnEndOfNames) {
  for (size_t i = 0; i < RuleCounts::kMostNames + 5; ++i) note(counts_, std::to_string(10'000 + i));
  note(counts_, "10000");
  const std::string text = counts_.text();
  EXPECT_TRUE(text.starts_with("rule=10000: 2\n"));
  EXPECT_TRUE(text.ends_with("rules_not_named: 5\n"));
}

}  // namespace
}  // namespace weir::journal
