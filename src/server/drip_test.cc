#include "server/drip.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir::server {
namespace {

using Side = Drip::Side;

/// What the client does between two checks, which are a second apart.
struct Step {
  int seconds;
  Side side;
  uint64_t bytes_a_second;
};

struct Case {
  const char* what;
  std::vector<Step> steps;
  bool found;
};

TEST(DripTest, TellsDropsFromEverythingElse) {
  const Case cases[] = {
      {"takes drop by drop", {{20, Side::taking, 10}}, true},
      {"sends drop by drop", {{20, Side::sending, 1}}, true},
      {"sends a live stream drop by drop", {{20, Side::live, 1}}, true},
      {"not yet for long enough", {{11, Side::taking, 10}}, false},
      {"just fast enough", {{60, Side::taking, 500}}, false},
      {"just too slow", {{20, Side::taking, 499}}, true},
      {"a microphone", {{60, Side::live, 40}}, false},
      {"a file sent as slowly", {{60, Side::sending, 40}}, true},
      {"a video that is paused from the start", {{800, Side::taking, 0}}, false},
      {"a video that is paused and looked on",
       {{30, Side::taking, 100'000}, {300, Side::taking, 0}, {30, Side::taking, 100'000}},
       false},
      {"paused often, with a rest that is taken slowly",
       {{10, Side::taking, 100'000},
        {5, Side::taking, 100},
        {60, Side::taking, 0},
        {10, Side::taking, 100'000},
        {5, Side::taking, 100},
        {60, Side::taking, 0},
        {10, Side::taking, 100'000},
        {5, Side::taking, 100}},
       false},
      {"a long pause makes the next period no drop by itself",
       {{800, Side::taking, 0}, {10, Side::taking, 20'000}, {10, Side::taking, 20'000}},
       false},
      {"drops with silence between them",
       {{20, Side::taking, 0},
        {1, Side::taking, 2000},
        {20, Side::taking, 0},
        {1, Side::taking, 2000},
        {20, Side::taking, 0},
        {1, Side::taking, 2000}},
       true},
      {"a model that thinks", {{600, Side::none, 0}}, false},
      {"events now and then, each taken at once",
       {{20, Side::none, 10}, {1, Side::taking, 10}, {20, Side::none, 10}, {1, Side::taking, 10}},
       false},
      {"an origin that is slow between drops",
       {{8, Side::taking, 10}, {1, Side::none, 0}, {8, Side::taking, 10}, {1, Side::none, 0}},
       false},
      {"another side begins anew", {{8, Side::sending, 10}, {8, Side::taking, 10}}, false},
  };
  for (const Case& each : cases) {
    Drip drip;
    uint64_t now_ms = 1'000'000, bytes = 0;
    bool found = false;
    for (const Step& step : each.steps) {
      for (int i = 0; i < step.seconds; ++i) {
        drip.look(step.side, bytes, now_ms, 500);
        now_ms += 1000;
        bytes += step.bytes_a_second;
        found |= drip.found();
      }
    }
    drip.look(each.steps.back().side, bytes, now_ms, 500);
    EXPECT_EQ(found || drip.found(), each.found) << each.what;
  }
}

TEST(DripTest, AnotherExchangeBeginsAnew) {
  Drip drip;
  for (uint64_t ms = 0; ms <= 8000; ms += 1000) drip.look(Side::sending, 1000 + ms / 1000, ms, 500);
  drip.look(Side::sending, 5, 12'000, 500);
  EXPECT_FALSE(drip.found());
  for (uint64_t ms = 13'000; ms <= 23'000; ms += 1000)
    drip.look(Side::sending, 5 + ms / 1000, ms, 500);
  EXPECT_FALSE(drip.found());
  drip.look(Side::sending, 100, 26'000, 500);
  EXPECT_TRUE(drip.found());
}

}  // namespace
}  // namespace weir::server
