#include "origin/pool/origin_connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

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
  std::unique_ptr<OriginConnection> connection(std::string authority = "site:80",
                                               IpAddress peer = kFirst, uint64_t generation = 1) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) std::abort();
    ends_.push_back(pair[0]);
    auto connection = std::make_unique<OriginConnection>(
        std::make_unique<net::TcpStream>(pair[1]), std::move(authority), base::Endpoint{peer, 80},
        base::AddressSource::dns);
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
  pool.put(std::move(older));
  pool.put(std::move(newer));
  pool.put(std::move(other));
  EXPECT_EQ(pool.size(), 3u);
  for (const char* authority : {"site:81", "sit:80", "site:8", ""})
    EXPECT_EQ(pool.take(authority, kAll, UINT64_MAX, 1), nullptr) << authority;
  const auto first = pool.take("site:80", kAll, UINT64_MAX, 1);
  EXPECT_EQ(first.get(), is_newer);
  EXPECT_TRUE(first->reused);
  EXPECT_EQ(pool.take("site:80", kAll, UINT64_MAX, 1).get(), is_older);
  EXPECT_EQ(pool.take("site:80", kAll, UINT64_MAX, 1), nullptr);
  EXPECT_EQ(pool.size(), 1u);
}

TEST(Pool, LimitsPerOriginAndInAll) {
  async::EventLoop loop;
  OriginConfig config;
  config.idle_per_origin = 2;
  config.idle_total = 3;
  Pool pool(config);
  Ends ends;
  for (int i = 0; i < 3; ++i) pool.put(ends.connection("a:80"));
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_TRUE(ends.closed(2));
  pool.put(ends.connection("b:80"));
  pool.put(ends.connection("c:80"));
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_TRUE(ends.closed(0)) << "the oldest makes room";
  EXPECT_FALSE(ends.closed(1));
  config.idle_total = 0;
  Pool none(config);
  none.put(ends.connection());
  EXPECT_EQ(none.size(), 0u);
}

TEST(Pool, WhatTheOriginSaysOrEndsMeanwhileCloses) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  for (int i = 0; i < 4; ++i) pool.put(ends.connection());
  ASSERT_EQ(send(ends[0], "HTTP/1.1 408 Timeout\r\n", 22, 0), 22);
  shutdown(ends[1], SHUT_WR);
  turn(loop, 30);
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_TRUE(ends.closed(1));
  EXPECT_FALSE(ends.closed(2));
  // Said before it was put back: it never gets in.
  auto spoken = ends.connection();
  ASSERT_EQ(send(ends[4], "x", 1, 0), 1);
  turn(loop);
  pool.put(std::move(spoken));
  auto unread = ends.connection();
  unread->input.put(base::Slice::copy_of("unread"));
  pool.put(std::move(unread));
  EXPECT_EQ(pool.size(), 2u);
  // Readable by a flag alone, as after a splice: the kernel is asked.
  auto seems = ends.connection();
  seems->stream->readiness().readable = true;
  pool.put(std::move(seems));
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
    pool.put(std::move(connection));
    ASSERT_EQ(pool.size(), 1u);
    if (speaks) ASSERT_EQ(send(ends[1], "HTTP/1.1 200 OK\r\n", 17, 0), 17);
    EXPECT_EQ(pool.take("site:80", kAll, UINT64_MAX, 1) != nullptr, !speaks);
    EXPECT_EQ(pool.size(), 0u);
  }
}

TEST(Pool, PolicyIsAskedOfThePeer) {
  async::EventLoop loop;
  OriginConfig config;
  Pool pool(config);
  Ends ends;
  pool.put(ends.connection("site:80", kFirst));
  const Allows not_first(kFirst), all;
  EXPECT_EQ(pool.take("site:80", not_first, UINT64_MAX, 1), nullptr);
  EXPECT_EQ(pool.size(), 1u) << "it stays for those who may";
  auto taken = pool.take("site:80", kAll, UINT64_MAX, 1);
  ASSERT_TRUE(taken);
  // The decision that has allowed it last need not be asked again; others must.
  pool.put(std::move(taken));
  taken = pool.take("site:80", all, UINT64_MAX, 1);
  ASSERT_TRUE(taken);
  EXPECT_EQ(all.asked, 1);
  pool.put(std::move(taken));
  taken = pool.take("site:80", all, UINT64_MAX, 1);
  ASSERT_TRUE(taken);
  EXPECT_EQ(all.asked, 1);
  pool.put(std::move(taken));
  EXPECT_EQ(pool.take("site:80", not_first, UINT64_MAX, 1), nullptr) << "a refusal is no habit";
  taken = pool.take("site:80", kAll, UINT64_MAX, 1);
  ASSERT_TRUE(taken);
  pool.put(std::move(taken));
  taken = pool.take("site:80", all, UINT64_MAX, 1);
  ASSERT_TRUE(taken);
  EXPECT_EQ(all.asked, 2) << "another decision came between";
}

TEST(Pool, AgeAndNamesThatChanged) {
  async::EventLoop loop;
  OriginConfig config;
  config.idle_timeout_ms = 150;
  Pool pool(config);
  Ends ends;
  pool.put(ends.connection("site:80", kFirst, 1));
  EXPECT_EQ(pool.take("site:80", kAll, UINT64_MAX, 2), nullptr)
      << "found by names that no longer hold";
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_TRUE(ends.closed(0));

  pool.put(ends.connection());
  turn(loop, 40);
  EXPECT_EQ(pool.take("site:80", kAll, 20, 1), nullptr)
      << "what may not be repeated takes a young one alone";
  EXPECT_EQ(pool.size(), 1u);
  EXPECT_TRUE(pool.take("site:80", kAll, 1000, 1));

  pool.put(ends.connection());
  turn(loop, 80);
  pool.put(ends.connection());
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
      pins.put("site:" + std::to_string(i), std::make_unique<Pin>(alive));
    EXPECT_TRUE(pins.full());
    pins.put("one:80", std::make_unique<Pin>(alive));
    EXPECT_FALSE(pins.has("one:80"));
    EXPECT_EQ(alive, static_cast<int>(http::Pins::kMost));
    auto taken = pins.take("site:3");
    EXPECT_TRUE(taken);
    EXPECT_TRUE(pins.has("site:3")) << "while it is used it is still pinned";
    EXPECT_EQ(pins.take("site:3"), nullptr);
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
  pool.put(ends.connection("stays:80"));
  int64_t most = 0;
  for (int i = 0; i < 600; ++i) {
    const std::string authority = "site" + std::to_string(i) + ":80";
    pool.put(ends.connection(authority));
    EXPECT_TRUE(pool.take(authority, kAll, UINT64_MAX, 1)) << authority;
    if (i == 150) most = tables();
  }
  EXPECT_LE(tables(), most);
  EXPECT_EQ(pool.size(), 1u);
  EXPECT_TRUE(pool.take("stays:80", kAll, UINT64_MAX, 1));
}

}  // namespace
}  // namespace weir::origin
