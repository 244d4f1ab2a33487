// The pool with connections that carry several exchanges at once.
#include "origin/pool/pool.h"

#include <gtest/gtest.h>

#include "async/stream_fake.h"
#include "base/clock.h"
#include "origin/pool/origin_exchange.h"

namespace weir::origin {
namespace {

struct Anything final : http::Decision {
  base::Result<void> check_address(base::AddressSource, const base::IpAddress&,
                                   uint16_t) const override {
    return {};
  }
};

struct Shared final : OriginConnection {
  explicit Shared(int& alive, OriginKey key = {.authority = "site:80"})
      : OriginConnection(std::make_unique<async::MemoryStream>(), std::move(key), {},
                         base::AddressSource::literal),
        alive(++alive) {}
  ~Shared() override { --alive; }
  bool quiet() override { return good; }
  size_t capacity() const override { return most; }
  bool shared() const override { return true; }
  void watch(base::Callback<> call) override { told = call; }
  void close() override { good = false; }
  std::unique_ptr<OriginExchange> exchange(Lease&&, ExchangeContext&&) override { return nullptr; }

  int& alive;
  size_t most = 2;
  bool good = true;
  base::Callback<> told;
};

struct Fixture {
  Lease take(const OriginKeyView& key = {.authority = "site:80"}) {
    return pool.take(key, decision, UINT64_MAX, 0);
  }
  /// Runs the loop until no connection is left, for a second at most.
  void turn_until_closed() {
    for (const uint64_t end_ms = base::monotonic_ms() + 1000;
         alive > 0 && base::monotonic_ms() < end_ms;)
      loop.turn(5);
  }
  async::EventLoop loop;
  OriginConfig config;
  Anything decision;
  int alive = 0;
  Pool pool{config};
};

TEST(SharedConnections, HaveAPlaceForEachOfSeveralLeases) {
  Fixture f;
  auto connection = base::make_ref<Shared>(f.alive);
  Shared& itself = *connection;
  Lease first = f.pool.lease(std::move(connection));
  Lease second = f.take();
  ASSERT_TRUE(second);
  EXPECT_EQ(&*second, &itself);
  EXPECT_FALSE(f.take()) << "both places are taken";
  EXPECT_EQ(f.pool.size(), 0u) << "it is not idle";
  second.drop();
  EXPECT_TRUE(itself.good) << "an exchange that ended badly harms no other one";
  second = f.take();
  ASSERT_TRUE(second);
  first.done();
  second.done();
  EXPECT_EQ(f.pool.size(), 1u);
  EXPECT_TRUE(f.take());
  EXPECT_EQ(f.alive, 1);
}

TEST(SharedConnections, AreNotClosedForAgeOrRoomWhileAnExchangeRuns) {
  Fixture f;
  Lease lease = f.pool.lease(base::make_ref<Shared>(f.alive));
  EXPECT_FALSE(f.pool.drop_oldest());
  f.pool.drop_one("site:80");
  EXPECT_EQ(f.alive, 1);
  lease.done();
  EXPECT_TRUE(f.pool.drop_oldest());
  EXPECT_EQ(f.alive, 0);
}

TEST(SharedConnections, ThatTakeNoMoreGoOnForThoseThatTheyCarry) {
  Fixture f;
  auto connection = base::make_ref<Shared>(f.alive);
  Shared& itself = *connection;
  Lease first = f.pool.lease(std::move(connection));
  itself.good = false;
  itself.told();
  EXPECT_FALSE(f.take());
  EXPECT_EQ(f.alive, 1);
  first.done();
  EXPECT_EQ(f.alive, 0);
}

TEST(SharedConnections, ThatEndWhileTheyAreIdleAreClosed) {
  Fixture f;
  auto connection = base::make_ref<Shared>(f.alive);
  Shared& itself = *connection;
  f.pool.lease(std::move(connection)).done();
  EXPECT_EQ(f.pool.size(), 1u);
  itself.told();
  EXPECT_EQ(f.pool.size(), 0u);
  EXPECT_FALSE(f.take());
  f.turn_until_closed();
  EXPECT_EQ(f.alive, 0);
}

TEST(Pool, ConnectionsAreSharedUnderTheWholeKey) {
  Fixture f;
  const OriginKey key{.scheme = http::Scheme::https,
                      .authority = "site:443",
                      .next_hop = "proxy:3128",
                      .server_name = "site",
                      .verification = 1};
  f.pool.lease(base::make_ref<Shared>(f.alive, key)).done();
  for (const auto change : {+[](OriginKeyView& other) { other.scheme = http::Scheme::http; },
                            +[](OriginKeyView& other) { other.authority = "site:444"; },
                            +[](OriginKeyView& other) { other.next_hop = ""; },
                            +[](OriginKeyView& other) { other.server_name = "www.site"; },
                            +[](OriginKeyView& other) { other.verification = 2; }}) {
    OriginKeyView other = view_of(key);
    change(other);
    EXPECT_FALSE(f.take(other));
  }
  EXPECT_TRUE(f.take(view_of(key)));
}

}  // namespace
}  // namespace weir::origin
