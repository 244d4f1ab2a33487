#include "origin/connect/connector.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/dns/resolver_fake_server.h"
#include "origin/connect/connector_error.h"

namespace weir::origin {
namespace {

using async::EventLoop;
using async::Task;
using async::TaskScope;
using base::AddressSource;
using base::Endpoint;
using base::ErrorType;
using base::IpAddress;
using net::FakeNameServer;
using Query = FakeNameServer::Query;
using Reply = FakeNameServer::Reply;

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

/// A listening socket; if its queue is full, it answers no attempt.
class Listening {
 public:
  explicit Listening(std::string_view address, uint16_t port = 0, bool full = false)
      : address_(ip(address)) {
    descriptor_ = socket(address_.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage to{};
    socklen_t size = Endpoint{address_, port}.to_sockaddr(to);
    there_ = bind(descriptor_, reinterpret_cast<sockaddr*>(&to), size) == 0 &&
             listen(descriptor_, full ? 0 : 64) == 0;
    size = sizeof to;
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&to), &size);
    port_ = Endpoint::from(reinterpret_cast<sockaddr*>(&to))->port;
    for (int i = 0; full && i < 3; ++i) {
      const int filler = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(filler, reinterpret_cast<sockaddr*>(&to), size);
      fillers_.push_back(filler);
    }
  }
  Listening(const Listening&) = delete;
  ~Listening() {
    for (const int filler : fillers_) close(filler);
    close(descriptor_);
  }
  bool there() const { return there_; }
  uint16_t port() const { return port_; }
  /// The number of connections that are still open.
  int accepted() {
    int open = 0;
    for (int one; (one = accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;)
      fillers_.push_back(one);
    for (const int one : fillers_) {
      char byte;
      open += recv(one, &byte, 1, MSG_PEEK) != 0;
    }
    return open;
  }

 private:
  IpAddress address_;
  int descriptor_;
  uint16_t port_;
  bool there_;
  std::vector<int> fillers_;
};

class TestDecision final : public http::Decision {
 public:
  base::Result<void> check_address(AddressSource source, const IpAddress& address,
                                   uint16_t port) const override {
    asked += address.text() + '/' + std::to_string(static_cast<int>(source)) + ' ';
    EXPECT_NE(port, 0);
    if (refuse && refuse(address)) {
      return base::fail(ErrorType::destination_ip_prohibited, 403, address.text() + " is refused",
                        "test");
    }
    return {};
  }
  std::function<bool(const IpAddress&)> refuse;
  mutable std::string asked;
};

Task<void> put(Task<base::Result<Connected>> task, std::optional<base::Result<Connected>>& to) {
  to.emplace(co_await task);
}

struct Fixture {
  explicit Fixture(FakeNameServer::Answer answer = [](const Query& q) -> Reply {
    return q.reply(3);
  })
      : server(std::move(answer)) {
    resolver_config.servers = {server.endpoint()};
    resolver_config.timeout_ms = 100;
    resolver_config.tries = 1;
    config.connect_timeout_ms = 700;
    resolver.emplace(resolver_config, "/dev/null", "/dev/null");
  }
  base::Result<Connected> connect(std::string_view host, uint16_t port, bool literal = false) {
    Connector connector(*resolver);
    std::optional<base::Result<Connected>> result;
    TaskScope scope;
    const uint64_t before = base::monotonic_ms();
    scope.spawn(put(connector.connect(host, literal, port, decision, config), result));
    while (!result && base::monotonic_ms() < before + 15'000) loop.turn(100);
    took_ms = base::monotonic_ms() - before;
    if (!result) return base::fail(ErrorType::proxy_internal_error, 500, "nothing came of it");
    return *std::move(result);
  }
  std::string text(std::string_view host, uint16_t port, bool literal = false) {
    const auto result = connect(host, port, literal);
    if (!result)
      return std::string(base::name_of(result.error().type())) + ' ' +
             std::to_string(result.error().status()) + ' ' + std::string(result.error().detail());
    EXPECT_EQ(result->peer.port, port);
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    getpeername(result->stream->plain_descriptor(), reinterpret_cast<sockaddr*>(&peer), &size);
    EXPECT_EQ(Endpoint::from(reinterpret_cast<sockaddr*>(&peer)), result->peer);
    return result->peer.address.text();
  }

  EventLoop loop;
  FakeNameServer server;
  net::ResolverConfig resolver_config;
  OriginConfig config;
  TestDecision decision;
  std::optional<net::Resolver> resolver;
  uint64_t took_ms = 0;
};

/// Answers with these addresses by family; no_data for a family without one.
FakeNameServer::Answer addresses(std::vector<std::string> of, uint64_t v4_delay_ms = 0,
                                 uint64_t v6_delay_ms = 0) {
  return [=](const Query& query) -> Reply {
    auto reply = query.reply();
    for (const std::string& address : of) {
      if (ip(address).family() == query.family()) reply.address(query.name, 60, address);
    }
    return {reply, query.family() == base::IpFamily::v4 ? v4_delay_ms : v6_delay_ms};
  };
}

uint16_t closed_port() {
  return Listening("127.0.0.1").port();
}

TEST(Connector, Literals) {
  Fixture f;
  Listening v4("127.0.0.1"), v6("::1");
  EXPECT_EQ(f.text("127.0.0.1", v4.port(), true), "127.0.0.1");
  if (v6.there()) EXPECT_EQ(f.text("::1", v6.port(), true), "::1");
  const uint16_t closed = closed_port();
  EXPECT_EQ(f.text("127.0.0.1", closed, true),
            "connection_refused 502 127.0.0.1 refused the connection on port " +
                std::to_string(closed) + ".");
  EXPECT_EQ(f.text("no address", closed, true),
            "http_request_error 400 no address is no IP address.");
  f.decision.asked.clear();
  f.decision.refuse = [](const IpAddress&) { return true; };
  EXPECT_EQ(f.text("127.0.0.1", v4.port(), true),
            "destination_ip_prohibited 403 127.0.0.1 is refused");
  EXPECT_EQ(f.decision.asked, "127.0.0.1/0 ");
  EXPECT_EQ(v4.accepted(), 0) << "the first one has gone, and nobody else came";
  EXPECT_TRUE(f.server.queries.empty());
}

TEST(Connector, LocalhostTakesWhatListens) {
  Fixture f;
  Listening v4("127.0.0.1");
  EXPECT_EQ(f.text("localhost", v4.port()), "127.0.0.1");
  EXPECT_EQ(f.decision.asked, "::1/1 127.0.0.1/1 ");
  EXPECT_LT(f.took_ms, 200u) << "the next address follows at once where one refuses";
  Listening v6("::1");
  if (v6.there()) EXPECT_EQ(f.text("localhost", v6.port()), "::1");
}

TEST(Connector, NamesWithOneAddress) {
  Fixture f(addresses({"127.0.0.1"}));
  Listening v4("127.0.0.1");
  EXPECT_EQ(f.text("one.test", v4.port()), "127.0.0.1");
  EXPECT_EQ(f.text("one.test", v4.port()), "127.0.0.1") << "from the cache";
  EXPECT_EQ(f.server.queries.size(), 2u);
  EXPECT_EQ(f.decision.asked, "127.0.0.1/3 127.0.0.1/3 ");
  const uint16_t closed = closed_port();
  EXPECT_EQ(f.text("one.test", closed),
            "connection_refused 502 one.test refused the connection on port " +
                std::to_string(closed) + ".");
}

TEST(Connector, NamesThatLeadNowhere) {
  const struct {
    const char* host;
    FakeNameServer::Answer answer;
    const char* expected;
  } cases[] = {
      {"nx.test", [](const Query& q) -> Reply { return q.reply(3); },
       "dns_error 502 The name nx.test does not exist."},
      {"empty.test", addresses({}), "dns_error 502 The name empty.test has no address."},
      {"fails.test", [](const Query& q) -> Reply { return q.reply(2); },
       "dns_error 502 The name fails.test could not be looked up: the name servers failed or could "
       "not be reached."},
      {"silent.test", [](const Query&) { return Reply(); },
       "dns_timeout 504 The name servers did not answer in time for the name silent.test."},
      {"a.invalid", addresses({"127.0.0.1"}), "dns_error 502 The name a.invalid does not exist."},
  };
  for (const auto& c : cases) {
    Fixture f(c.answer);
    EXPECT_EQ(f.text(c.host, 80), c.expected);
    EXPECT_EQ(f.text(c.host, 80), c.expected) << "from the cache";
    EXPECT_EQ(f.decision.asked, "");
  }
}

TEST(Connector, ErrorsInWords) {
  const Endpoint v4{ip("192.0.2.1"), 81}, v6{ip("2001:db8::1"), 81};
  const struct {
    const Endpoint& to;
    int error;
    ErrorType type;
    int status;
    const char* detail;
  } cases[] = {
      {v4, ECONNREFUSED, ErrorType::connection_refused, 502,
       "example.org refused the connection on port 81."},
      {v4, ETIMEDOUT, ErrorType::connection_timeout, 504,
       "example.org did not answer on port 81 in time."},
      {v4, ENETUNREACH, ErrorType::destination_ip_unroutable, 502,
       "There is no way to reach example.org at 192.0.2.1 from here (Network is unreachable)."},
      {v4, EHOSTUNREACH, ErrorType::destination_ip_unroutable, 502,
       "There is no way to reach example.org at 192.0.2.1 from here (No route to host)."},
      {v6, EAFNOSUPPORT, ErrorType::destination_ip_unroutable, 502,
       "There is no way to reach example.org at 2001:db8::1 from here (Address family not "
       "supported by protocol)."},
      {v6, EADDRNOTAVAIL, ErrorType::destination_ip_unroutable, 502,
       "There is no way to reach example.org at 2001:db8::1 from here (Cannot assign requested "
       "address)."},
      {v4, EADDRNOTAVAIL, ErrorType::connection_limit_reached, 503,
       "No connection to example.org could be opened: the proxy has no free port to connect from."},
      {v4, EMFILE, ErrorType::connection_limit_reached, 503,
       "No connection to example.org could be opened: the proxy has reached the system's limit "
       "(Too many open files)."},
      {v4, ECONNRESET, ErrorType::connection_terminated, 502,
       "example.org closed the connection on port 81 while it was being opened."},
  };
  for (const auto& c : cases) {
    const base::Error error = connect_error("example.org", c.to, c.error);
    EXPECT_EQ(error.type(), c.type) << c.detail;
    EXPECT_EQ(error.status(), c.status) << c.detail;
    EXPECT_EQ(error.detail(), c.detail);
  }
}

TEST(Connector, OutOfDescriptors) {
  Fixture f(addresses({"127.0.0.1"}));
  Listening v4("127.0.0.1");
  EXPECT_EQ(f.text("one.test", v4.port()), "127.0.0.1");
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int lowest = dup(0);
  close(lowest);
  rlimit now = before;
  now.rlim_cur = static_cast<rlim_t>(lowest);
  setrlimit(RLIMIT_NOFILE, &now);
  const std::string text = f.text("one.test", v4.port());
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(text.starts_with("connection_limit_reached 503 ")) << text;
}

TEST(Connector, ABlackHoleTimesOut) {
  Fixture f;
  Listening full("127.0.0.1", 0, true);
  f.config.connect_timeout_ms = 200;
  EXPECT_EQ(f.text("127.0.0.1", full.port(), true),
            "connection_timeout 504 127.0.0.1 did not answer on port " +
                std::to_string(full.port()) + " in time.");
  EXPECT_GE(f.took_ms, 190u);
  EXPECT_LT(f.took_ms, 1000u);
}

TEST(Connector, TheNextAttemptRunsBesideASlowOne) {
  Fixture f(addresses({"127.0.0.1", "127.0.0.2", "127.0.0.3"}));
  Listening full("127.0.0.1", 0, true), open("127.0.0.3", full.port());
  f.config.attempt_delay_ms = 60;
  EXPECT_EQ(f.text("three.test", full.port()), "127.0.0.3");
  EXPECT_GE(f.took_ms, 55u);
  EXPECT_LT(f.took_ms, 400u) << "127.0.0.2 refuses, which brings the third on at once";
  EXPECT_EQ(f.decision.asked, "127.0.0.1/3 127.0.0.2/3 127.0.0.3/3 ");
}

TEST(Connector, TheLimitIsThatOfAllAttemptsTogether) {
  Fixture f(addresses({"127.0.0.1", "127.0.0.2"}));
  Listening full("127.0.0.1", 0, true), full_too("127.0.0.2", full.port(), true);
  f.config.attempt_delay_ms = 60;
  f.config.connect_timeout_ms = 150;
  EXPECT_EQ(f.text("two.test", full.port()),
            "connection_timeout 504 two.test did not answer on port " +
                std::to_string(full.port()) + " in time.");
  EXPECT_GE(f.took_ms, 140u);
  EXPECT_LT(f.took_ms, 500u);
}

TEST(Connector, FamiliesTakeTurnsIPv6First) {
  Fixture f(addresses({"127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "::2", "::3"}));
  const uint16_t closed = closed_port();
  EXPECT_EQ(f.text("mixed.test", closed),
            "connection_refused 502 mixed.test refused the connection on port " +
                std::to_string(closed) + ".");
  EXPECT_EQ(f.decision.asked, "::1/3 127.0.0.1/3 ::2/3 127.0.0.2/3 ::3/3 127.0.0.3/3 ");
}

TEST(Connector, NotMoreThanEightAttempts) {
  std::vector<std::string> many;
  for (int i = 1; i <= 12; ++i) many.push_back("127.0.1." + std::to_string(i));
  Fixture f(addresses(many));
  EXPECT_TRUE(f.text("many.test", closed_port()).starts_with("connection_refused"));
  EXPECT_EQ(std::count(f.decision.asked.begin(), f.decision.asked.end(), ' '), 8);
}

TEST(Connector, TheOtherFamilyIsWaitedForALittle) {
  Listening v4("127.0.0.1"), v6("::1", v4.port());
  if (!v6.there()) GTEST_SKIP() << "no IPv6 here";
  const struct {
    uint64_t v4_delay_ms, v6_delay_ms;
    const char* expected;
  } cases[] = {{0, 0, "::1"}, {0, 30, "::1"}, {0, 300, "127.0.0.1"}, {300, 0, "::1"}};
  for (const auto& c : cases) {
    Fixture f(addresses({"127.0.0.1", "::1"}, c.v4_delay_ms, c.v6_delay_ms));
    f.resolver_config.timeout_ms = 1000;
    f.resolver.emplace(f.resolver_config, "/dev/null", "/dev/null");
    f.config.resolution_delay_ms = 100;
    EXPECT_EQ(f.text("both.test", v4.port()), c.expected) << c.v4_delay_ms << ' ' << c.v6_delay_ms;
    EXPECT_LT(f.took_ms, 280u);
  }
}

TEST(Connector, AnAnswerForOneFamilyIsEnough) {
  Listening v4("127.0.0.1");
  for (const bool silent : {true, false}) {
    Fixture f([&](const Query& q) -> Reply {
      if (q.type == 1) return q.reply().address(q.name, 60, "127.0.0.1");
      return silent ? Reply() : Reply(q.reply(2));
    });
    EXPECT_EQ(f.text("half.test", v4.port()), "127.0.0.1");
  }
}

TEST(Connector, WhatPolicyRefusesIsNeverConnectedTo) {
  Listening refused("127.0.0.1"), open("127.0.0.2", refused.port());
  {
    Fixture f(addresses({"127.0.0.1", "127.0.0.2"}));
    f.decision.refuse = [](const IpAddress& address) { return address == ip("127.0.0.1"); };
    EXPECT_EQ(f.text("mixed.test", refused.port()), "127.0.0.2");
    EXPECT_LT(f.took_ms, 200u);
    EXPECT_EQ(refused.accepted(), 0);
    f.decision.refuse = [](const IpAddress&) { return true; };
    EXPECT_EQ(f.text("mixed.test", refused.port()),
              "destination_ip_prohibited 403 127.0.0.1 is refused");
    EXPECT_EQ(refused.accepted(), 0);
  }
  // The failure of an allowed address is reported rather than the refusal of another.
  Fixture f(addresses({"127.0.0.1", "127.0.0.3"}));
  f.decision.refuse = [](const IpAddress& address) { return address == ip("127.0.0.1"); };
  EXPECT_TRUE(f.text("mixed.test", refused.port()).starts_with("connection_refused"));
}

TEST(Connector, TheLosersAreClosed) {
  Fixture f(addresses({"127.0.0.1", "127.0.0.2"}));
  Listening full("127.0.0.1", 0, true), open("127.0.0.2", full.port());
  f.config.attempt_delay_ms = 30;
  const int lowest = dup(0);
  close(lowest);
  {
    const auto result = f.connect("two.test", full.port());
    ASSERT_TRUE(result);
    EXPECT_EQ(open.accepted(), 1);
  }
  for (const uint64_t end = base::monotonic_ms() + 50; base::monotonic_ms() < end;) f.loop.turn(10);
  EXPECT_EQ(open.accepted(), 0);
}

TEST(Connector, MayBeCancelledAtEveryTurn) {
  Listening v4("127.0.0.1"), v6("::1", v4.port()), full("127.0.0.2", v4.port(), true);
  bool finished = false;
  for (int turns = 0; !finished && turns < 400; ++turns) {
    Fixture f(addresses({"127.0.0.2", "127.0.0.1"}, 10, 30));
    f.config.attempt_delay_ms = 20;
    Connector connector(*f.resolver);
    std::optional<base::Result<Connected>> result;
    TaskScope scope;
    scope.spawn(put(connector.connect("x.test", false, v4.port(), f.decision, f.config), result));
    for (int i = 0; i < turns && !result; ++i) f.loop.turn(20);
    finished = result.has_value();
    scope.cancel_all();
    for (int i = 0; i < 3; ++i) f.loop.turn(2);
    if (turns % 3 == 0) f.resolver.reset();
    if (finished) EXPECT_TRUE(*result);
  }
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace weir::origin
