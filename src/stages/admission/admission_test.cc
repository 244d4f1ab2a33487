#include "stages/admission/admission.h"

#include <gtest/gtest.h>

#include "base/account.h"
#include "http/stage_fake.h"

namespace weir::admission {
namespace {

using base::ErrorType;

struct Counter {
  void count() { ++refused; }
  int refused = 0;
};

/// While it lives, memory is at its limit.
struct FullMemory {
  FullMemory() : charged(kLimit - base::Account::held_in_all()) {
    base::Account::set_limit(kLimit);
    base::Account::charge(base::Holding::pipes, charged);
    base::Account::compare();
  }
  ~FullMemory() {
    base::Account::charge(base::Holding::pipes, -charged);
    base::Account::set_limit(0);
  }
  static constexpr int64_t kLimit = int64_t{1} << 33;
  const int64_t charged;
};

TEST(Admission, TheFirstReasonIsTheOnlyAnswer) {
  const struct {
    bool over_limit, foreign, no_memory, malformed;
    ErrorType type;
    const char *rule, *said;
  } cases[] = {
      {true, true, true, true, ErrorType::connection_limit_reached, "limits.connections_per_client",
       "There are too many connections from 127.0.0.1."},
      {false, true, true, true, ErrorType::http_request_denied, "clients",
       "This proxy does not serve clients at 127.0.0.1."},
      {false, false, true, false, ErrorType::connection_limit_reached, "limits.memory",
       "The proxy holds as much memory as it may."},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    fake.session->over_limit = c.over_limit;
    Counter counter;
    const Admission stage({.refuses = [&](const http::Session&) { return c.foreign; },
                           .refused_for_memory = base::Callback<>::to<&Counter::count>(counter)});
    std::optional<FullMemory> full;
    if (c.no_memory) full.emplace();
    const http::Outcome outcome = fake.run(stage, "GET", c.malformed ? "ht!tp:/" : "http://site/");
    ASSERT_TRUE(outcome.error) << c.rule;
    EXPECT_EQ(outcome.error->type(), c.type);
    EXPECT_EQ(outcome.error->rule(), c.rule);
    EXPECT_EQ(outcome.error->detail(), c.said);
    EXPECT_NE(outcome.error->remedy().empty(), outcome.error->rule() == "clients");
    EXPECT_EQ(fake.calls, 0);
    EXPECT_TRUE(fake.pins.ending()) << "the client's connection carries nothing more";
    EXPECT_EQ(counter.refused, outcome.error->rule() == "limits.memory" ? 1 : 0);
  }
}

TEST(Admission, WhoIsAdmittedPassesWhateverWasSent) {
  const Admission stage({.refuses = [](const http::Session&) { return false; }});
  for (const char* target : {"http://site/", "ht!tp:/"}) {
    http::FakeStages fake;
    EXPECT_EQ(fake.run(stage, "GET", target).status(), 200) << "validate is to answer a fault";
    EXPECT_EQ(fake.calls, 1);
    EXPECT_FALSE(fake.pins.ending());
  }
  const FullMemory full;
  http::FakeStages fake;
  EXPECT_EQ(fake.run(stage, "GET", "ht!tp:/").status(), 200) << "the fault is said, not the memory";
}

TEST(Admission, ARequestWithoutAClientHasNoConnectionToEnd) {
  const Admission stage({.refuses = [](const http::Session&) { return true; }});
  http::FakeStages fake;
  http::Request request = fake.request(http::fake_head("GET", "http://site/"));
  request.pins = nullptr;
  EXPECT_EQ(fake.run(stage, request).status(), 403);
}

}  // namespace
}  // namespace weir::admission
