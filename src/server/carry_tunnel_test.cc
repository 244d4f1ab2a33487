#include "server/carry_tunnel.h"

#include <gtest/gtest.h>

#include <new>
#include <string>
#include <vector>

#include "async/stream_fake.h"
#include "http/stage_fake.h"

namespace weir::server {
namespace {

using base::ErrorType;

/// What the tunnels of one test did, in order.
using Steps = std::vector<std::string>;

struct Script {
  bool looks = false;
  /// Another tunnel carries the bytes.
  bool hands_over = false;
  base::Result<void> look = {}, end = {};
  /// There is no memory to look with.
  bool starves = false;
  /// It carries until it is cancelled.
  bool stays = false;
};

class Scripted final : public http::Tunnel {
 public:
  Scripted(Script script, Steps& steps, std::string name = "first")
      : script_(std::move(script)), steps_(steps), name_(std::move(name)) {}
  ~Scripted() override { steps_.push_back(name_ + " gone"); }

  async::Task<base::Result<void>> look(async::ByteStream&, base::Slice& first) override {
    if (script_.starves) throw std::bad_alloc();
    return script_.looks ? look_at(first) : async::Task<base::Result<void>>();
  }
  std::unique_ptr<http::Tunnel> carrier() override {
    if (!script_.hands_over) return nullptr;
    return std::make_unique<Scripted>(Script{.end = script_.end, .stays = script_.stays}, steps_,
                                      "carrier");
  }
  async::Task<base::Result<void>> run(async::ByteStream&, base::Slice first) override {
    steps_.push_back(name_ + " carries " + std::string(first.view()));
    co_await async::Yield();
    async::Signal never;
    if (script_.stays) co_await never.changed(never.version());
    co_return script_.end;
  }

 private:
  async::Task<base::Result<void>> look_at(base::Slice& first) {
    co_await async::Yield();
    steps_.push_back(name_ + " looks");
    first = base::Slice::copy_of(std::string(first.view()) + "+seen");
    co_return script_.look;
  }

  const Script script_;
  Steps& steps_;
  const std::string name_;
};

struct Carried final : http::Journal {
  void record(const http::Exchange& exchange) override {
    steps.push_back(exchange.has_error() ? std::string(base::name_of(exchange.error_type()))
                                         : exchange.ended());
  }
  void start(Script script) {
    auto session = base::make_ref<http::Session>();
    base::Ref<http::Exchange> exchange(
        new Exchange(*this, nullptr, base::make_ref<http::Asker>(std::move(session))));
    exchange->request = http::fake_head("CONNECT", "site:443", {{"Host", "x"}});
    task = carry_tunnel(std::make_unique<Scripted>(std::move(script), steps), std::move(exchange),
                        client, base::Slice::copy_of("bytes"), interrupt);
    task.start();
    for (int i = 0; i < 5; ++i) loop.turn(0);
  }
  struct Exchange final : http::Exchange {
    using http::Exchange::Exchange;
    base::Result<void> interim(const http::ResponseHead&) override { return {}; }
  };

  async::EventLoop loop;
  Steps steps;
  async::MemoryStream client;
  async::Interrupt interrupt;
  async::Task<void> task;
};

TEST(CarryTunnel, LooksThenLetsTheCarrierTakeOver) {
  const base::Error broke(ErrorType::connection_terminated, "broke");
  const base::Error left(ErrorType::client_closed, "left");
  const struct {
    Script script;
    Steps steps;
  } cases[] = {
      {{}, {"first carries bytes", "first gone", "complete"}},
      {{.looks = true}, {"first looks", "first carries bytes+seen", "first gone", "complete"}},
      {{.looks = true, .hands_over = true},
       {"first looks", "first gone", "carrier carries bytes+seen", "carrier gone", "complete"}},
      {{.looks = true, .look = std::unexpected(broke)},
       {"first looks", "first gone", "connection_terminated"}},
      {{.starves = true}, {"first gone", "proxy_internal_error"}},
      {{.end = std::unexpected(broke)},
       {"first carries bytes", "first gone", "connection_terminated"}},
      {{.end = std::unexpected(left)}, {"first carries bytes", "first gone", "client_closed"}},
  };
  for (const auto& c : cases) {
    Carried carried;
    carried.start(c.script);
    ASSERT_TRUE(carried.task.done());
    carried.task.cancel();
    EXPECT_EQ(carried.steps, c.steps);
    EXPECT_FALSE(carried.client.aborted);
  }
}

TEST(CarryTunnel, AnInterruptResetsTheClientAndNamesTheReason) {
  Carried carried;
  carried.start({.looks = true, .hands_over = true, .stays = true});
  EXPECT_FALSE(carried.task.done());
  carried.interrupt.fire("policy_changed");
  for (int i = 0; i < 5; ++i) carried.loop.turn(0);
  ASSERT_TRUE(carried.task.done());
  carried.task.cancel();
  EXPECT_TRUE(carried.client.aborted);
  EXPECT_EQ(carried.steps, (Steps{"first looks", "first gone", "carrier carries bytes+seen",
                                  "carrier gone", "policy_changed"}));
}

}  // namespace
}  // namespace weir::server
