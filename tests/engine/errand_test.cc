// Requests of Weir's own pass the real stages below those of clients, and belong to no client.
#include "proxy/errand.h"

#include <gtest/gtest.h>

#include <optional>

#include "engine/harness.h"
#include "engine/logins.h"
#include "http/stage_fake.h"
#include "proxy/policy_review.h"

namespace weir::engine {
namespace {

using base::ErrorType;

const policy::Config kThisMachine{.allowed_networks = {*base::Cidr::parse("127.0.0.0/8")}};

/// An errand, as a task of Weir's own would run it.
struct Fetch {
  Fetch(Harness& h, const std::string& url) : harness(h), errand(h.errands.begin()) {
    scope.spawn(run(*this, http::fake_head("GET", url, {{"Host", "x"}})));
  }
  static async::Task<void> run(Fetch& self, base::Ref<http::RequestHead> head) {
    auto answered = co_await proxy::run_errand(self.errand, std::move(head));
    if (!answered) {
      self.error = answered.error();
      co_return;
    }
    self.status = (*answered).head->status;
    self.body = std::move(answered->body);
    while (self.body) {
      auto chunk = co_await self.body->read();
      if (!chunk) {
        self.error = chunk.error();
        break;
      }
      self.content.append(chunk->bytes.view());
      if (chunk->last) self.body = nullptr;
    }
  }
  bool done() const { return scope.size() == 0; }
  /// `STATUS`, or the error's name.
  std::string outcome() {
    EXPECT_TRUE(harness.until([&] { return done(); }));
    return error ? std::string(base::name_of(error->type())) : std::to_string(status);
  }

  Harness& harness;
  base::Ref<proxy::Errand> errand;
  int status = 0;
  std::string content;
  std::unique_ptr<http::Body> body;
  std::optional<base::Error> error;
  async::TaskScope scope;
};

TEST(Errands, BringWhatAnOriginHasAndAreInNoClientsLog) {
  Harness h({.house = kThisMachine});
  for (const char* path : {"/length?size=3000", "/chunked?size=3000", "/hints?size=3000"}) {
    Fetch fetch(h, "http://" + h.origin->authority() + path);
    EXPECT_EQ(h.errands.running(), 1u);
    EXPECT_EQ(h.journal.running(), 0u);
    EXPECT_EQ(fetch.outcome(), "200") << path;
    EXPECT_EQ(fetch.content, content_of(3000)) << path;
    EXPECT_STREQ(fetch.errand->ended(), "complete");
  }
  EXPECT_EQ(h.errands.running(), 0u);
  EXPECT_EQ(h.errands.started(), 3u);
  EXPECT_EQ(h.errands.failed(), 0u);
  EXPECT_TRUE(h.journal.records.empty());
  EXPECT_EQ(h.pool->size(), 1u) << "they use the pool like any other request";
}

TEST(Errands, EndAtOnceWithTheirTaskOrTheirBody) {
  Harness h({.house = kThisMachine});
  for (const char* path : {"/silent", "/stall?size=100000"}) {
    std::optional<Fetch> fetch(std::in_place, h, "http://" + h.origin->authority() + path);
    ASSERT_TRUE(h.until([&] { return h.origin->open() == 1; }));
    h.settle();
    EXPECT_FALSE(fetch->done());
    fetch.reset();
    EXPECT_TRUE(h.until([&] { return h.origin->open() == 0; })) << path;
    EXPECT_EQ(h.errands.running(), 0u);
  }
  EXPECT_EQ(h.errands.failed(), 0u) << "nobody wanted them any more";
}

TEST(Errands, ReachOnlyWhatIsPublicOrNamed) {
  Harness h({.hosts = "127.0.0.1 lists.test\n127.0.0.1 other.test\n169.254.169.254 cloud.test\n",
             .house = {.allowed_names = {*match::HostPattern::parse("lists.test")}}});
  const std::string port = ":" + std::to_string(h.origin->endpoint().port);
  EXPECT_EQ(Fetch(h, "http://lists.test" + port + "/length").outcome(), "200");
  for (const std::string& url :
       {"http://other.test" + port + "/length", "http://127.0.0.1" + port + "/length",
        std::string("http://10.1.2.3/")}) {
    Fetch fetch(h, url);
    EXPECT_EQ(fetch.outcome(), "destination_ip_prohibited") << url;
    EXPECT_EQ(fetch.error->rule(), "own requests") << url;
  }
  EXPECT_EQ(Fetch(h, "http://lists.test:25/").outcome(), "http_request_denied");
  EXPECT_EQ(Fetch(h, "https://lists.test/").outcome(), "connection_refused");
  EXPECT_EQ(h.origin->accepted, 1);
  EXPECT_EQ(h.errands.failed(), 5u);
}

TEST(Errands, NeverReachWeirItselfOrACloudsMetadata) {
  Harness h({.hosts = "169.254.169.254 weir.internal\n",
             .house = {.allowed_networks = {*base::Cidr::parse("0.0.0.0/0")}}});
  // Weir is believed to listen where the origin does.
  const base::Endpoint weir = h.origin->endpoint();
  policy::RuleSet rules;
  rules.house = std::make_shared<const policy::ListenerRules>(
      policy::ListenerRules::for_house(h.options.house, {}, policy::OwnAddresses({weir}, {})));
  h.parts.rules = std::make_shared<const policy::RuleSet>(std::move(rules));
  h.parts.own = std::make_shared<const http::OwnNames>("weir.internal", std::vector{weir});
  h.reload();
  Fetch own(h, "http://" + weir.text() + "/length");
  EXPECT_EQ(own.outcome(), "destination_ip_prohibited");
  EXPECT_EQ(own.error->rule(), "own address");
  Fetch cloud(h, "http://169.254.169.254/latest/");
  EXPECT_EQ(cloud.outcome(), "destination_ip_prohibited");
  EXPECT_EQ(cloud.error->rule(), "metadata address");
  EXPECT_EQ(Fetch(h, "http://weir.internal/").outcome(), "destination_ip_prohibited")
      << "Weir's pages are for clients";
  EXPECT_EQ(h.origin->accepted, 0);
}

TEST(Errands, AreNotAskedForALogin) {
  Logins logins(kQuick);
  Harness h({.house = kThisMachine, .login = logins.login});
  Client& client = h.client();
  client.get(h.origin->authority(), "/length");
  ASSERT_EQ(h.answers(client, 1).size(), 1u);
  EXPECT_EQ(client.answers()[0].status, 407);
  EXPECT_EQ(Fetch(h, "http://" + h.origin->authority() + "/length").outcome(), "200");
}

TEST(Errands, AreSeenByARestartAndByPolicyAfterIt) {
  Harness h({.house = kThisMachine, .rewrites = true});
  const std::string at = "http://" + h.origin->authority();
  EXPECT_EQ(Fetch(h, at + "/to/" + h.origin->authority() + "/length").outcome(), "200");
  EXPECT_EQ(Fetch(h, at + "/to/10.1.2.3:80/length").outcome(), "destination_ip_prohibited");
  EXPECT_EQ(Fetch(h, at + "/loop").outcome(), "proxy_loop_detected");
}

struct Everybody final : server::ClientRules {
  bool refuses(const http::Session&) const override { return false; }
};

TEST(Errands, AreCancelledWhereNewRulesDenyThem) {
  Harness h({.house = kThisMachine});
  proxy::SnapshotRef snapshot;
  const Everybody everybody;
  proxy::PolicyReview review(h.errands.live, snapshot, h.pipeline, everybody);
  Fetch begun(h, "http://" + h.origin->authority() + "/stall?size=100000");
  ASSERT_TRUE(h.until([&] { return !begun.content.empty(); }));
  for (const bool denied : {false, true}) {
    policy::RuleSet rules;
    rules.house = std::make_shared<const policy::ListenerRules>(policy::ListenerRules::for_house(
        denied ? policy::Config() : h.options.house, {}, policy::OwnAddresses()));
    h.parts.rules = std::make_shared<const policy::RuleSet>(std::move(rules));
    h.reload();
    proxy::Snapshot fresh;
    fresh.parts = std::make_shared<const proxy::PipelineParts>(h.parts);
    snapshot = std::make_shared<const proxy::Snapshot>(std::move(fresh));
    review.begin();
    h.settle();
    EXPECT_EQ(begun.done(), denied);
  }
  EXPECT_EQ(begun.outcome(), "cancelled");
  EXPECT_STREQ(begun.errand->interrupt().reason(), "policy_changed");
  EXPECT_EQ(h.errands.failed(), 0u) << "it still runs: the body was not destroyed";
}

TEST(Errands, AreWaitedForOnlyWhileAClientReadsThem) {
  Harness h({.house = kThisMachine});
  const std::string url = "http://" + h.origin->authority() + "/silent";
  Fetch read(h, url), unread(h, url);
  std::optional<proxy::Errand::Reader> reader(std::in_place, read.errand);
  h.settle();
  EXPECT_TRUE(h.errands.cancel_unread("drained"));
  EXPECT_EQ(unread.outcome(), "cancelled");
  EXPECT_FALSE(read.done());
  reader.reset();
  EXPECT_FALSE(h.errands.cancel_unread("drained"));
  EXPECT_EQ(read.outcome(), "cancelled");
}

}  // namespace
}  // namespace weir::engine
