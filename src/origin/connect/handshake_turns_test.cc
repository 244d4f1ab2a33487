#include "origin/connect/handshake_turns.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "async/signal.h"
#include "async/task.h"

namespace weir::origin {
namespace {

using Limit = HandshakeTurns::Limit;

class HandshakeTurnsTest : public testing::Test {
 protected:
  struct Handshake {
    bool begun = false, ended = false;
    Limit refused_by = Limit::none;
    async::Signal end;
    std::unique_ptr<async::TaskScope> scope = std::make_unique<async::TaskScope>();
  };

  Handshake& start(const char* client, uint64_t deadline_ms = async::Deadline::kNever) {
    all_.push_back(std::make_unique<Handshake>());
    Handshake& made = *all_.back();
    made.scope->spawn(run(made, *base::IpAddress::parse(client), deadline_ms));
    return made;
  }
  async::Task<void> run(Handshake& self, base::IpAddress client, uint64_t deadline_ms) {
    const auto turn = co_await turns_.wait(client, deadline_ms);
    self.refused_by = turn.refused_by();
    if (turn.refused_by() != Limit::none) {
      self.ended = true;
      co_return;
    }
    self.begun = true;
    co_await self.end.changed(0);
    self.ended = true;
  }
  void end(Handshake& handshake) {
    handshake.end.notify();
    turn();
  }
  void turn() {
    for (int i = 0; i < 4; ++i) loop_.turn(0);
  }

  async::EventLoop loop_;
  HandshakeTurns turns_;
  std::vector<std::unique_ptr<Handshake>> all_;
};

TEST_F(HandshakeTurnsTest, AClientTakesItsOwnTurnsAlone) {
  turns_.configure(10, 2);
  Handshake &a = start("192.0.2.1"), &b = start("192.0.2.1"), &third = start("192.0.2.1"),
            &other = start("192.0.2.2");
  EXPECT_TRUE(a.begun && b.begun && other.begun);
  EXPECT_FALSE(third.begun);
  end(other);
  EXPECT_FALSE(third.begun);
  end(a);
  EXPECT_TRUE(third.begun);
}

TEST_F(HandshakeTurnsTest, AnIpv6NetworkIsOneClient) {
  turns_.configure(10, 1);
  EXPECT_TRUE(start("2001:db8::1").begun);
  EXPECT_FALSE(start("2001:db8::2").begun);
  EXPECT_TRUE(start("2001:db8:0:1::1").begun);
}

TEST_F(HandshakeTurnsTest, InOrder) {
  turns_.configure(1, 1);
  Handshake &a = start("192.0.2.1"), &b = start("192.0.2.2"), &c = start("192.0.2.3");
  end(a);
  EXPECT_TRUE(b.begun);
  EXPECT_FALSE(c.begun);
  end(b);
  EXPECT_TRUE(c.begun);
}

TEST_F(HandshakeTurnsTest, TheDeadlineRefuses) {
  turns_.configure(2, 1);
  start("192.0.2.1");
  Handshake& late = start("192.0.2.1", loop_.now_ms() + 20);
  while (!late.ended) loop_.turn(100);
  EXPECT_EQ(late.refused_by, Limit::of_client);
  start("192.0.2.2");
  Handshake& last = start("192.0.2.3", loop_.now_ms() + 20);
  while (!last.ended) loop_.turn(100);
  EXPECT_EQ(last.refused_by, Limit::of_all);
}

TEST_F(HandshakeTurnsTest, WhoIsCancelledKeepsNoTurn) {
  turns_.configure(1, 1);
  Handshake &a = start("192.0.2.1"), &b = start("192.0.2.1"), &c = start("192.0.2.1"),
            &d = start("192.0.2.1");
  b.scope->cancel_all();
  a.end.notify();
  loop_.turn(0);
  c.scope->cancel_all();  // Maybe before it knows that it is its turn.
  turn();
  EXPECT_TRUE(d.begun);
}

TEST_F(HandshakeTurnsTest, NotAnyNumberWaits) {
  turns_.configure(1, 1);
  start("192.0.2.1");
  for (uint32_t i = 0; i < HandshakeTurns::kMostWaitingEach; ++i)
    EXPECT_FALSE(start("192.0.2.1").ended);
  EXPECT_EQ(start("192.0.2.1").refused_by, Limit::of_client);
  EXPECT_FALSE(start("192.0.2.2").ended);
}

TEST_F(HandshakeTurnsTest, AHigherLimitHoldsAtOnce) {
  turns_.configure(1, 1);
  start("192.0.2.1");
  Handshake& second = start("192.0.2.1");
  turns_.configure(2, 2);
  turn();
  EXPECT_TRUE(second.begun);
}

}  // namespace
}  // namespace weir::origin
