#include "proxy/house.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "http/stage_fake.h"
#include "proxy/crew.h"
#include "proxy/make_snapshot.h"

namespace weir::proxy {
namespace {

constexpr int kPatienceMs = 10'000;

/// A crew of one worker that serves clients, with a real listener.
class HouseTest : public testing::Test {
 protected:
  HouseTest() {
    config_.listeners = {{.addresses = {{base::IpAddress::v4(127, 0, 0, 1), 0}}}};
    snapshot_ = make(nullptr);
    EXPECT_EQ(crew_.make(snapshot_, change_.opened), "");
    crew_.begin();
  }
  SnapshotRef make(const Snapshot* before) {
    auto made = make_snapshot(config_, before, listeners_, {nullptr, grants_, nullptr}, {}, "weir",
                              [](const Listeners::Change&) { return std::string(); });
    EXPECT_TRUE(made) << made.error();
    change_ = std::move(made->change);
    listeners_.commit(change_);
    return std::move(made->snapshot);
  }
  size_t workers() {
    std::lock_guard lock(shared_.workers_mutex);
    return shared_.workers.size();
  }
  /// What `ask` returns on the house worker's thread; nothing if it never runs.
  template <class T>
  std::optional<T> in_house(std::function<T(Worker&)> ask) {
    auto answer = std::make_shared<std::promise<T>>();
    auto answered = answer->get_future();
    if (!crew_.run_in_house([=](Worker& worker) { answer->set_value(ask(worker)); }))
      return std::nullopt;
    if (answered.wait_for(std::chrono::milliseconds(kPatienceMs)) != std::future_status::ready)
      return std::nullopt;
    return answered.get();
  }

  journal::AccessLog log_{1 << 20};
  Shared shared_{log_, 100, 100};
  Config config_;
  policy::Grants grants_;
  Listeners listeners_{1};
  Listeners::Change change_;
  SnapshotRef snapshot_;
  Crew crew_{shared_, 1};
};

TEST_F(HouseTest, HasAThreadOfItsOwnOnceItIsNeeded) {
  EXPECT_EQ(workers(), 1u);
  EXPECT_EQ(crew_.hear(kPatienceMs).size(), 1u);
  const auto first = in_house<std::thread::id>([](Worker&) { return std::this_thread::get_id(); });
  const auto second = in_house<std::thread::id>([](Worker&) { return std::this_thread::get_id(); });
  ASSERT_TRUE(first);
  EXPECT_NE(*first, std::this_thread::get_id());
  EXPECT_EQ(first, second);
  EXPECT_EQ(workers(), 2u);
  EXPECT_EQ(crew_.hear(kPatienceMs).size(), 2u);
}

TEST_F(HouseTest, RunsErrandsThatNobodyElseCounts) {
  auto answer = std::make_shared<std::promise<std::string>>();
  auto answered = answer->get_future();
  struct Ask {
    static async::Task<void> metadata(Worker& worker,
                                      std::shared_ptr<std::promise<std::string>> answer) {
      auto response =
          co_await run_errand(worker.errands().begin(),
                              http::fake_head("GET", "http://169.254.169.254/", {{"Host", "x"}}));
      answer->set_value(response ? "reached" : std::string(response.error().rule()));
    }
  };
  ASSERT_TRUE(crew_.run_in_house(
      [answer](Worker& worker) { worker.spawn(Ask::metadata(worker, answer)); }));
  EXPECT_EQ(answered.get(), "metadata address");
  const auto statuses = crew_.hear(kPatienceMs);
  const std::string text = status_text({.workers = crew_.size()}, statuses);
  EXPECT_NE(text.find("\nworkers_that_answered: 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nown_requests_started: 1\nown_requests_failed: 1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("\nexchanges_ended: 0\n"), std::string::npos) << text;
}

TEST_F(HouseTest, GetsEveryConfiguration) {
  for (const uint16_t blocked : {8081, 8082}) {
    config_.blocked_ports = {blocked};
    const SnapshotRef fresh = make(snapshot_.get());
    crew_.apply(fresh, change_.opened, change_.closed);
    snapshot_ = fresh;
    const auto status = in_house<std::string>([&](Worker& worker) {
      // Refused before anything waits.
      auto errand = run_errand(
          worker.errands().begin(),
          http::fake_head("GET", "http://x:" + std::to_string(blocked) + "/", {{"Host", "x"}}));
      errand.start();
      return errand.done() ? std::string(errand.take().error().rule()) : "it waits";
    });
    EXPECT_EQ(status, "blocked_ports");
  }
}

TEST_F(HouseTest, EndsWithTheOthers) {
  ASSERT_TRUE(in_house<int>([](Worker&) { return 1; }));
  crew_.drain();
  EXPECT_FALSE(crew_.run_in_house([](Worker&) {}));
  crew_.join();
  EXPECT_FALSE(crew_.anybody());
}

TEST_F(HouseTest, MayStillBeStartingWhenAllEnd) {
  crew_.run_in_house([](Worker&) {});
  crew_.stop("drained");
  crew_.join();
  EXPECT_FALSE(crew_.anybody());
}

TEST_F(HouseTest, AtADrainAClientsReadingIsWaitedFor) {
  using Reading = std::shared_ptr<Errand::Reader>;
  auto reading = std::make_shared<Reading>();
  ASSERT_TRUE(in_house<int>([=](Worker& worker) {
    *reading = std::make_shared<Errand::Reader>(worker.errands().begin());
    return 1;
  }));
  Worker* house = nullptr;
  ASSERT_TRUE(in_house<int>([&](Worker& worker) {
    house = &worker;
    return 1;
  }));
  crew_.drain();
  const uint64_t until_ms = base::monotonic_ms() + kPatienceMs;
  while (workers() != 1 && base::monotonic_ms() < until_ms)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  ASSERT_EQ(workers(), 1u) << "the one that serves clients has ended, and the house waits";
  house->call([=](Worker&) { *reading = nullptr; });
  crew_.join();
  EXPECT_FALSE(crew_.anybody());
}

}  // namespace
}  // namespace weir::proxy
