// Policy sees every target and every address, however the request got there.
#include <gtest/gtest.h>

#include "engine/harness.h"

namespace weir::engine {
namespace {

int status_of(Harness& h, Client& client, const std::string& authority, const std::string& path) {
  const size_t before = client.answers().size();
  client.get(authority, path);
  const auto answers = h.answers(client, before + 1);
  return answers.size() == before + 1 ? answers.back().status : -1;
}

TEST(PolicyInTheEngine, SeesEveryTargetThatARuleLeadsTo) {
  Options options;
  options.rewrites = true;
  options.private_allowed = false;
  options.hosts = "127.0.0.1 site\n10.255.255.1 router\n169.254.169.254 cloud\n";
  Harness h(options);
  const std::string port = ":" + std::to_string(h.origin->endpoint().port);
  const std::string site = "site" + port;
  Client& client = h.client();
  EXPECT_EQ(status_of(h, client, site, "/length"), 200);
  EXPECT_EQ(status_of(h, client, site, "/to/127.0.0.1" + port + "/length"), 200);
  EXPECT_EQ(status_of(h, client, site, "/to/site:25/length"), 403) << "a blocked port";
  EXPECT_EQ(status_of(h, client, site, "/to/router:80/"), 403);
  EXPECT_EQ(status_of(h, client, site, "/to/cloud:80/"), 403);
  EXPECT_EQ(status_of(h, client, site, "/to/10.1.2.3:80/"), 403);
  EXPECT_EQ(status_of(h, client, site, "/to/127.0.0.1:1/"), 200)
      << "that is Weir itself, whose page it is";
  EXPECT_EQ(status_of(h, client, "router:80", "/"), 403);
  EXPECT_EQ(status_of(h, client, site, "/loop"), 508);
  for (const std::string& head : h.origin->heads)
    EXPECT_TRUE(head.starts_with("GET /length ")) << head;
}

TEST(PolicyInTheEngine, APooledConnectionIsJudgedByItsPeer) {
  Harness h;
  const std::string at = h.origin->authority();
  Client& local = h.client(0);
  EXPECT_EQ(status_of(h, local, at, "/length"), 200);
  h.settle();
  ASSERT_EQ(h.pool->size(), 1u);
  Client& remote = h.client(1);
  EXPECT_EQ(status_of(h, remote, at, "/length"), 403)
      << "two listeners share no more than their rules allow";
  EXPECT_EQ(h.pool->size(), 1u);
  EXPECT_EQ(h.origin->heads.size(), 1u);
  remote.connect(at);
  EXPECT_EQ(h.answers(remote, 2)[1].status, 403);
  EXPECT_EQ(h.origin->accepted, 1);
}

TEST(PolicyInTheEngine, AConnectIsJudgedBeforeAnythingIsConnected) {
  Options options;
  options.private_allowed = false;
  options.hosts = "10.255.255.1 router\n";
  Harness h(options);
  for (const char* authority : {"router:443", "10.9.9.9:443", "169.254.169.254:80", "127.0.0.1:25",
                                "127.0.0.1:1", "0.0.0.0:1"}) {
    Client& client = h.client();
    client.connect(authority);
    client.get(h.origin->authority(),
               "/length");  // Bytes after a refused CONNECT are not parsed as a request.
    h.until([&] { return client.ended; });
    const auto answers = client.answers();
    ASSERT_EQ(answers.size(), 1u) << authority;
    EXPECT_EQ(answers[0].status, 403) << authority;
    client.close();
    h.settle();
    EXPECT_EQ(h.records(client).size(), 1u);
  }
  EXPECT_EQ(h.origin->accepted, 0);
}

/// Gives each request a decision that denies responses without content (204).
class DenyResponses final : public http::Stage {
 public:
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override {
    struct Decides final : http::Decision {
      base::Result<void> check_address(base::AddressSource, const base::IpAddress&,
                                       uint16_t) const override {
        return {};
      }
      base::Result<void> check_response(const http::ResponseHead& head,
                                        http::Exchange&) const override {
        if (head.status != 204) return {};
        return base::fail(base::ErrorType::http_request_denied, "No empty answers here.", "a rule");
      }
    };
    // As after a reload: the exchange alone has the newest decision.
    request.exchange->decision = base::make_ref<Decides>();
    return next(request);
  }
};

TEST(PolicyInTheEngine, AResponseIsJudgedByItsHeadBeforeAnyOfItIsPassedOn) {
  Options options;
  options.before_forward = [] { return std::make_unique<DenyResponses>(); };
  Harness h(options);
  Client& client = h.client();
  EXPECT_EQ(status_of(h, client, h.origin->authority(), "/length"), 200);
  EXPECT_EQ(status_of(h, client, h.origin->authority(), "/empty"), 403);
  EXPECT_EQ(status_of(h, client, h.origin->authority(), "/length"), 200);
}

}  // namespace
}  // namespace weir::engine
