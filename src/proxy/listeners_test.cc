#include "proxy/listeners.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <memory>

namespace weir::proxy {
namespace {

constexpr size_t kWorkers = 2;

/// Listeners at 127.0.0.1, 127.0.0.2 and so on, and the steps of a reload.
class ListenersTest : public testing::Test {
 protected:
  Listeners::Change change_to(std::initializer_list<int> hosts) {
    Config config;
    config.listeners.clear();
    for (const int host : hosts) {
      config.listeners.push_back(
          {.addresses = {{base::IpAddress::v4(127, 0, 0, static_cast<uint8_t>(host)), 0}}});
    }
    auto change = listeners_.plan(config);
    EXPECT_TRUE(change) << change.error();
    listeners_.commit(*change);
    // As workers close them.
    std::erase_if(sockets_, [&](const ListenerSocket& each) {
      return std::ranges::find(change->closed, each.number) != change->closed.end();
    });
    for (auto& of_worker : change->opened) {
      for (ListenerSocket& each : of_worker) sockets_.push_back(std::move(each));
    }
    return *std::move(change);
  }
  /// A session of the listener with that number.
  std::shared_ptr<const void> session(uint32_t number) {
    const auto socket = std::ranges::find(sockets_, number, &ListenerSocket::number);
    EXPECT_NE(socket, sockets_.end());
    return socket->use;
  }
  Listeners listeners_{kWorkers};
  std::list<ListenerSocket> sockets_;
};

TEST_F(ListenersTest, ANumberIsGivenAgainOnceNobodyHasIt) {
  EXPECT_EQ(change_to({1}).index_of, (std::vector<int>{0}));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(change_to({1, 2}).index_of, (std::vector<int>{0, 1}));
    const auto change = change_to({1});
    EXPECT_EQ(change.index_of, (std::vector<int>{0, Listeners::kLeft}));
    EXPECT_EQ(change.closed, std::vector<uint32_t>{1});
  }
  // No session is left there, so nothing has to be kept.
  EXPECT_EQ(change_to({1}).index_of, (std::vector<int>{0, Listeners::kFree}));
}

TEST_F(ListenersTest, ANumberThatSessionsHaveIsNobodyElses) {
  change_to({1, 2});
  auto second = session(1);
  EXPECT_EQ(change_to({1}).index_of, (std::vector<int>{0, Listeners::kLeft}));
  EXPECT_EQ(change_to({1, 2}).index_of, (std::vector<int>{0, Listeners::kLeft, 1}));
  auto third = session(2);
  EXPECT_EQ(change_to({3}).index_of,
            (std::vector<int>{Listeners::kLeft, Listeners::kLeft, Listeners::kLeft, 0}));
  second.reset();
  // The first has no session and the second's session has ended.
  EXPECT_EQ(change_to({3, 4, 5, 6}).index_of, (std::vector<int>{1, 2, Listeners::kLeft, 0, 3}));
  third.reset();
  EXPECT_EQ(change_to({6}).index_of, (std::vector<int>{Listeners::kLeft, Listeners::kLeft,
                                                       Listeners::kFree, Listeners::kLeft, 0}));
  EXPECT_EQ(sockets_.size(), kWorkers);
}

}  // namespace
}  // namespace weir::proxy
