// The pool with HTTP/1 connections.
#include "origin/pool/pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/stream/tcp_stream.h"
#include "origin/http1/http1_connection.h"

namespace weir::origin {
namespace {

using base::IpAddress;

/// Allows every address but one.
class Allows final : public http::Decision {
 public:
  explicit Allows(IpAddress refused = {}) : refused_(refused) {}
  base::Result<void> check_address(base::AddressSource, const IpAddress& address,
                                   uint16_t) const override {
    ++asked;
    if (address == refused_)
      return base::fail(base::ErrorType::destination_ip_prohibited, "refused");
    return {};
  }
  mutable int asked = 0;

 private:
  IpAddress refused_;
};

const Allows kAll;
const IpAddress kFirst = IpAddress::v4(192, 0, 2, 1);

/// Both ends of some connections, and which of them the pool has closed.
class Ends {
 public:
  ~Ends() {
    for (const int end : ends_) close(end);
  }
  base::Ref<Http1Connection> connection(std::string authority = "site:80", IpAddress peer = kFirst,
                                        uint64_t generation = 1) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) std::abort();
    ends_.push_back(pair[0]);
    auto connection = base::make_ref<Http1Connection>(
        std::make_unique<net::TcpStream>(pair[1]), OriginKey{.authority = authority},
        base::Endpoint{peer, 80}, base::AddressSource::dns);
    connection->names_generation = generation;
    return connection;
  }
  /// The origin's end of the n-th.
  int operator[](size_t n) const { return ends_[n]; }
  bool closed(size_t n) const {
    char byte;
    return recv(ends_[n], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
  }

 private:
  std::vector<int> ends_;
};

void put(Pool& pool, base::Ref<Http1Connection> connection) {
  pool.lease(std::move(connection)).done();
}
Lease take(Pool& pool, std::string_view authority, const http::Decision& decision = kAll,
           uint64_t max_idle_ms = UINT64_MAX, uint64_t generation = 1) {
  return pool.take({.authority = authority}, decision, max_idle_ms, generation);
}

void turn(async::EventLoop& loop, uint64_t ms = 0) {
  const uint64_t end = base::monotonic_ms() + ms;
  do {
    for (int i = 0; i < 3; ++i) loop.turn(1);
  } while (base::monotonic_ms() < end);
}

TEST(Pool, TheNewestOfTheAuthorityComesFirst) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  auto older = ends.connection(), newer = ends.connection(), other = ends.connection("other:80");
  const OriginConnection *is_older = older.get(), *is_newer = newer.get();
  put(pool, std::move(older));
  put(pool, std::move(newer));
  put(pool, std::move(other));
  EXPECT_EQ(pool.size(), 3u);
  for (const char* authority : {"site:81", "sit:80", "site:8", ""})
    EXPECT_FALSE(take(pool, authority)) << authority;
  const auto first = take(pool, "site:80");
  EXPECT_EQ(&*first, is_newer);
  EXPECT_TRUE(first->reused);
  EXPECT_EQ(&*take(pool, "site:80"), is_older);
  EXPECT_FALSE(take(pool, "site:80"));
  EXPECT_EQ(pool.size(), 1u);
}

TEST(Pool, LimitsPerOriginAndInAll) {
  async::EventLoop loop;
  OriginConfig config;
  config.idle_per_origin = 2;
  config.idle_total = 3;
  Pool pool(config);
  Ends ends;
  for (int i = 0; i < 3; ++i) put(pool, ends.connection("a:80"));
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_TRUE(ends.closed(2));
  put(pool, ends.connection("b:80"));
  put(pool, ends.connection("c:80"));
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_TRUE(ends.closed(0)) << "the oldest makes room";
  EXPECT_FALSE(ends.closed(1));
  config.idle_total = 0;
  Pool none(config);
  put(none, ends.connection());
  EXPECT_EQ(none.size(), 0u);
}

TEST(Pool, NewLimitsHoldForWhatIsIdleAlready) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  for (int i = 0; i < 3; ++i) put(pool, ends.connection());
  config.idle_total = 2;
  pool.configure(config);
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_TRUE(ends.closed(0)) << "the oldest goes";
  config.idle_timeout_ms = 30;
  pool.configure(config);
  turn(loop, 60);
  EXPECT_EQ(pool.size(), 0u) << "it does not wait for the old time";
}

TEST(Pool, WhatTheOriginSaysOrEndsMeanwhileCloses) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  for (int i = 0; i < 4; ++i) put(pool, ends.connection());
  ASSERT_EQ(send(ends[0], "HTTP/1.1 408 Timeout\r\n", 22, 0), 22);
  shutdown(ends[1], SHUT_WR);
  turn(loop, 30);
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_TRUE(ends.closed(1));
  EXPECT_FALSE(ends.closed(2));
  // It has sent bytes before it is put back, so the pool does not keep it.
  auto spoken = ends.connection();
  ASSERT_EQ(send(ends[4], "x", 1, 0), 1);
  turn(loop);
  put(pool, std::move(spoken));
  auto unread = ends.connection();
  unread->input.put(base::Slice::copy_of("unread"));
  put(pool, std::move(unread));
  EXPECT_EQ(pool.size(), 2u);
  // Only the flag says readable, as after a splice: the pool asks the kernel.
  auto seems = ends.connection();
  seems->stream->readiness().readable = true;
  put(pool, std::move(seems));
  EXPECT_EQ(pool.size(), 3u);
  turn(loop);
  EXPECT_EQ(pool.size(), 3u);
}

TEST(Pool, WhatComesInTheTurnInWhichAResponseEndsIsSeenThoughTheLoopHasNotLooked) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  for (const bool speaks : {false, true}) {
    auto connection = ends.connection();
    turn(loop);
    connection->rest();
    put(pool, std::move(connection));
    ASSERT_EQ(pool.size(), 1u);
    if (speaks) ASSERT_EQ(send(ends[1], "HTTP/1.1 200 OK\r\n", 17, 0), 17);
    EXPECT_EQ(static_cast<bool>(take(pool, "site:80")), !speaks);
    EXPECT_EQ(pool.size(), 0u);
  }
}

TEST(Pool, PolicyIsAskedOfThePeer) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  put(pool, ends.connection("site:80", kFirst));
  const Allows not_first(kFirst), all;
  EXPECT_FALSE(take(pool, "site:80", not_first));
  EXPECT_EQ(pool.size(), 1u) << "it stays for those who may";
  auto taken = take(pool, "site:80");
  ASSERT_TRUE(taken);
  // The decision that has allowed it last need not be asked again; others must.
  taken.done();
  taken = take(pool, "site:80", all);
  ASSERT_TRUE(taken);
  EXPECT_EQ(all.asked, 1);
  taken.done();
  taken = take(pool, "site:80", all);
  ASSERT_TRUE(taken);
  EXPECT_EQ(all.asked, 1);
  taken.done();
  EXPECT_FALSE(take(pool, "site:80", not_first)) << "a refusal is no habit";
  taken = take(pool, "site:80");
  ASSERT_TRUE(taken);
  taken.done();
  taken = take(pool, "site:80", all);
  ASSERT_TRUE(taken);
  EXPECT_EQ(all.asked, 2) << "another decision came between";
}

TEST(Pool, AgeAndNamesThatChanged) {
  async::EventLoop loop;
  OriginConfig config;
  config.idle_timeout_ms = 150;
  Pool pool(config);
  Ends ends;
  put(pool, ends.connection("site:80", kFirst, 1));
  EXPECT_FALSE(take(pool, "site:80", kAll, UINT64_MAX, 2)) << "found by names that no longer hold";
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_TRUE(ends.closed(0));

  put(pool, ends.connection());
  turn(loop, 40);
  EXPECT_FALSE(take(pool, "site:80", kAll, 20, 1))
      << "what may not be repeated takes a young one alone";
  EXPECT_EQ(pool.size(), 1u);
  EXPECT_TRUE(take(pool, "site:80", kAll, 1000, 1));

  put(pool, ends.connection());
  turn(loop, 80);
  put(pool, ends.connection());
  turn(loop, 90);
  EXPECT_EQ(pool.size(), 1u) << "each has its own time";
  EXPECT_TRUE(ends.closed(2));
  turn(loop, 100);
  EXPECT_EQ(pool.size(), 0u);
}

TEST(Pins, OfOneClientBoundedAndNeverReplaced) {
  struct Pin final : http::PinnedConnection {
    void watch(base::Callback<>) override {}
    explicit Pin(int& alive) : alive(++alive) {}
    ~Pin() override { --alive; }
    int& alive;
  };
  int alive = 0;
  {
    http::Pins pins;
    for (size_t i = 0; i < http::Pins::kMost; ++i)
      pins.put("site:" + std::to_string(i), base::make_ref<Pin>(alive));
    EXPECT_TRUE(pins.full());
    pins.put("one:80", base::make_ref<Pin>(alive));
    EXPECT_FALSE(pins.has("one:80"));
    EXPECT_EQ(alive, static_cast<int>(http::Pins::kMost));
    auto taken = pins.take("site:3");
    EXPECT_TRUE(taken);
    EXPECT_TRUE(pins.has("site:3")) << "while it is used it is still pinned";
    EXPECT_FALSE(pins.take("site:3"));
    pins.put("site:3", std::move(taken));
    EXPECT_FALSE(pins.lost());
    pins.lose("site:3");
    EXPECT_TRUE(pins.lost());
    EXPECT_FALSE(pins.has("site:3"));
    EXPECT_EQ(alive, static_cast<int>(http::Pins::kMost) - 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Pool, AuthoritiesWithoutAConnectionAreForgotten) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  const auto tables = [] {
    return base::Account::held()[static_cast<size_t>(base::Holding::tables)];
  };
  put(pool, ends.connection("stays:80"));
  int64_t most = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string authority = "site" + std::to_string(i) + ":80";
    put(pool, ends.connection(authority));
    EXPECT_TRUE(take(pool, authority)) << authority;
    if (i == 150) most = tables();
  }
  EXPECT_LE(tables(), most);
  EXPECT_EQ(pool.size(), 1u);
  EXPECT_TRUE(take(pool, "stays:80"));
}

}  // namespace
}  // namespace weir::origin
