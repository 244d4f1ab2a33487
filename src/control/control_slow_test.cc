// Slow commands: what goes on meanwhile, and how they end.
#include <sys/resource.h>

#include <latch>
#include <new>
#include <semaphore>

#include "control/control_fake.h"

namespace weir::control {
namespace {

class SlowTest : public ControlTest {
 protected:
  /// A command that runs until go_ was released, whatever the client does.
  Command slow() {
    return echo(
        "slow",
        [this] {
          ++begun_;
          go_.acquire();
        },
        Pace::slow);
  }
  /// A command that runs until it is asked to stop.
  Command obedient() {
    return {"obedient", Pace::slow, Takes::nothing, [this](Request request) {
              ++begun_;
              while (!request.stop.stop_requested()) usleep(1000);
              ++stopped_;
              return Answer{"stopped"};
            }};
  }
  std::atomic<int> begun_ = 0, stopped_ = 0;
  std::counting_semaphore<> go_{0};
};

TEST_F(SlowTest, SignalsAndOtherClientsAreServedMeanwhile) {
  Control control({slow(), echo("quick")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const int first = client("slow\n");
  serve_until(control, [&] { return begun_ == 1; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer(control, client("quick\n")), "ok\nquick");
  eventfd_write(other_, 1);
  EXPECT_TRUE(control.serve_until_readable(other_, 5000));
  eventfd_t count;
  eventfd_read(other_, &count);
  // It may take longer than a client may.
  serve(control, 1200);
  EXPECT_TRUE(control.owes_answers());
  go_.release();
  EXPECT_EQ(answer(control, first), "ok\nslow");
  EXPECT_FALSE(control.owes_answers());
}

TEST_F(SlowTest, TheyRunOneAfterAnotherAndThereIsALimit) {
  Control control({slow(), echo("quick")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  std::vector<int> clients;
  for (size_t i = 0; i < kMostLong; ++i) {
    clients.push_back(client("slow\n"));
    serve(control, 5);
  }
  serve_until(control, [&] { return begun_ == 1; });
  EXPECT_EQ(answer(control, client("slow\n")),
            "there is no room for another long command: try again later\n");
  EXPECT_EQ(answer(control, client("quick\n")), "ok\nquick");
  EXPECT_EQ(begun_, 1);
  go_.release(kMostLong);
  for (const int each : clients) EXPECT_EQ(answer(control, each), "ok\nslow");
  go_.release();
  EXPECT_EQ(answer(control, client("slow\n")), "ok\nslow");
}

TEST_F(SlowTest, WithoutMemoryItsClientGoes) {
  Control control({echo("much", [] { throw std::bad_alloc(); }, Pace::slow), echo("quick")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  EXPECT_EQ(answer(control, client("much\n")), "");
  EXPECT_EQ(answer(control, client("quick\n")), "ok\nquick");
}

TEST_F(SlowTest, WhoLeavesStopsTheCommandAndDropsTheOneThatWaits) {
  Control control({obedient(), slow()});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const size_t before = open_descriptors();
  const int running = client("obedient\n");
  serve_until(control, [&] { return begun_ == 1; });
  const int waiting = client("slow\n"), last = client("slow\n");
  serve(control, 20);
  close(waiting);
  serve(control, 20);
  close(running);
  go_.release();
  EXPECT_EQ(answer(control, last), "ok\nslow");
  EXPECT_EQ(stopped_, 1);
  EXPECT_EQ(begun_, 2) << "the one that nobody waits for did not run";
  EXPECT_EQ(open_descriptors(), before + 1) << "the bell stays";
}

TEST_F(SlowTest, AtTheEndNobodyWaitsLong) {
  // Commands that own all that they use, since they may outlive the socket.
  struct Latches {
    std::latch begun{1}, go{1}, ended{1};
  };
  for (const bool obeys : {true, false}) {
    const auto latches = std::make_shared<Latches>();
    const auto run = [latches, obeys](Request request) {
      latches->begun.count_down();
      while (obeys && !request.stop.stop_requested()) usleep(1000);
      if (!obeys) latches->go.wait();
      latches->ended.count_down();
      return Answer{"too late"};
    };
    int asked = -1;
    {
      Control control({{"slow", Pace::slow, Takes::nothing, run}});
      ASSERT_EQ(control.open(root_ + "/control", true), "");
      asked = client("slow\n");
      serve_until(control, [&] { return latches->begun.try_wait(); });
    }
    EXPECT_EQ(all_of(asked), "");
    // One was asked to stop; without the other the process goes on.
    if (!obeys) EXPECT_FALSE(latches->ended.try_wait());
    latches->go.count_down();
    latches->ended.wait();
  }
}

TEST_F(SlowTest, WithoutADescriptorTheOthersAreAnsweredStill) {
  Control control({slow(), echo("quick")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  // Clients first, since they need descriptors of this process too.
  const int first = client("slow\n"), second = client("quick\n");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{open_descriptors() + 10, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> fillers;
  for (int each; (each = dup(other_)) >= 0;) fillers.push_back(each);
  ASSERT_EQ(errno, EMFILE);
  EXPECT_EQ(answer(control, first), "there is no room for another long command: try again later\n");
  EXPECT_EQ(answer(control, second), "ok\nquick");
  for (const int each : fillers) close(each);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  go_.release();
  EXPECT_EQ(answer(control, client("slow\n")), "ok\nslow");
}

}  // namespace
}  // namespace weir::control
