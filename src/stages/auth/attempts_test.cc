#include "stages/auth/attempts.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace weir::auth {
namespace {

using Stand = Attempts::Stand;
using Part = Attempts::Part;

const auto kClient = base::IpAddress::v4(192, 0, 2, 1);

/// Tries of one client, each with a different password.
struct Crowd {
  Part join(std::string_view user, uint64_t now_ms) {
    return attempts.join(kClient, user, {0, ++last}, now_ms);
  }
  /// As many tries as may be checked at once.
  std::deque<Part> fill(std::string_view user, uint64_t now_ms,
                        size_t count = Attempts::kMostAtOnce) {
    std::deque<Part> parts;
    while (parts.size() < count) {
      parts.push_back(join(user, now_ms));
      EXPECT_EQ(parts.back().stand(now_ms), Stand::checks);
    }
    return parts;
  }
  Attempts attempts;
  uint64_t last = 0;
};

TEST(Attempts, SoManyAtOnceForEachClient) {
  Crowd crowd;
  auto parts = crowd.fill("ada", 1000);
  auto late = crowd.join("ada", 1000);
  EXPECT_EQ(late.stand(1000), Stand::waits);
  auto elsewhere = crowd.attempts.join(base::IpAddress::v4(192, 0, 2, 2), "ada", {0, 1}, 1000);
  EXPECT_EQ(elsewhere.stand(1000), Stand::checks);
  parts.back().free();
  EXPECT_EQ(late.stand(1000), Stand::checks) << "who was right makes room at once";
  // A wrong try keeps its place for the delay, and so does one that hung up.
  parts[0].wrong();
  EXPECT_EQ(parts[0].until_ms(), 2000u);
  parts.clear();
  auto next = crowd.join("ada", 1100);
  EXPECT_EQ(next.stand(1999), Stand::waits);
  EXPECT_EQ(next.stand(2000), Stand::checks);
}

TEST(Attempts, NoMoreChecksBeginInASecondThanThereArePlaces) {
  Crowd crowd;
  std::deque<Part> waiting;
  size_t checks = 0;
  for (uint64_t now_ms = 0; now_ms < 10'000; now_ms += 50) {
    while (waiting.size() < 200)
      waiting.push_back(crowd.join("name" + std::to_string(crowd.last), now_ms));
    for (Part& part : waiting) {
      if (!part) {
        part = crowd.join("name" + std::to_string(crowd.last), now_ms);
      } else if (part.stand(now_ms) == Stand::checks) {
        ++checks;
        // Some passwords are checked, some clients hang up meanwhile.
        if (checks % 2 == 0) part.wrong();
        part = Part();
      }
    }
  }
  EXPECT_LE(checks, 10 * Attempts::kMostAtOnce);
  EXPECT_GE(checks, 9 * Attempts::kMostAtOnce);
}

TEST(Attempts, ASlash64IsOneClient) {
  Attempts attempts;
  std::deque<Part> parts;
  for (size_t i = 0; i < Attempts::kMostAtOnce; ++i) {
    parts.push_back(attempts.join(*base::IpAddress::parse("2001:db8::" + std::to_string(i)), "ada",
                                  {0, i}, 5000));
    EXPECT_EQ(parts.back().stand(5000), Stand::checks);
  }
  auto same = attempts.join(*base::IpAddress::parse("2001:db8::ffff"), "ada", {1, 0}, 5000);
  EXPECT_EQ(same.stand(5000), Stand::waits);
  auto other = attempts.join(*base::IpAddress::parse("2001:db8:0:1::"), "ada", {1, 0}, 5000);
  EXPECT_EQ(other.stand(5000), Stand::checks);
}

TEST(Attempts, TheSameTwiceIsOneTry) {
  Attempts attempts;
  const auto join = [&](uint64_t now_ms) { return attempts.join(kClient, "ada", {7, 7}, now_ms); };
  auto first = join(1000), second = join(1000), third = join(1000);
  EXPECT_EQ(first.stand(1000), Stand::checks);
  EXPECT_EQ(second.stand(1000), Stand::waits);
  first.wrong();
  EXPECT_EQ(second.stand(1100), Stand::wrong);
  EXPECT_EQ(second.until_ms(), 2000u) << "nor is it told before the other is";
  auto later = join(1100);
  EXPECT_EQ(later.stand(1100), Stand::checks)
      << "what is over is not joined: the file may have changed";
  later.free();
  first = Part();
  EXPECT_EQ(third.stand(1100), Stand::wrong);
  // The try that checks may hang up: then another one checks, at a place of its own.
  first = join(3000);
  second = join(3000);
  EXPECT_EQ(first.stand(3000), Stand::checks);
  first = Part();
  EXPECT_EQ(second.stand(3000), Stand::over);
  second = join(3000);
  EXPECT_EQ(second.stand(3000), Stand::checks);
  third = join(3000);
  second.free();
  EXPECT_EQ(third.stand(3000), Stand::over);
  // A try that hung up before it got a place needs none.
  third = join(3000);
  third = Part();
  EXPECT_EQ(attempts.waiting(), 0u);
  (void)attempts.join(base::IpAddress::v4(192, 0, 2, 2), "ada", {7, 7}, 10'000);
  EXPECT_EQ(attempts.clients(), 0u) << "what nobody uses goes";
}

TEST(Attempts, TheNextPlaceIsForTheNameThatHasTheFewest) {
  Crowd crowd;
  auto old = crowd.fill("ada", 1000, 6);
  for (Part& part : crowd.fill("bob", 1000, 2)) old.push_back(std::move(part));
  auto ada = crowd.join("ada", 1000), bob = crowd.join("bob", 1000), eve = crowd.join("eve", 1000),
       dan = crowd.join("dan", 1000);
  for (Part* part : {&ada, &bob, &eve, &dan}) EXPECT_EQ(part->stand(1000), Stand::waits);
  Part* const order[] = {&eve, &dan, &bob, &ada};
  for (Part* next : order) {
    old.front().free();
    old.pop_front();
    for (Part* part : {&ada, &bob, &eve, &dan}) {
      if (*part && part != next) EXPECT_EQ(part->stand(1000), Stand::waits);
    }
    EXPECT_EQ(next->stand(1000), Stand::checks);
    old.push_back(std::move(*next));
  }
}

TEST(Attempts, SoManyMayWait) {
  Crowd crowd;
  const auto checking = crowd.fill("nobody", 1000);
  std::deque<Part> waiting;
  for (size_t i = 0; i < Attempts::kMostOfName; ++i) {
    waiting.push_back(crowd.join("ada", 1000));
    EXPECT_TRUE(waiting.back());
  }
  EXPECT_FALSE(crowd.join("ada", 1000)) << "of one name";
  for (size_t i = 0; waiting.size() < Attempts::kMostWaiting; ++i) {
    waiting.push_back(crowd.join("name" + std::to_string(i), 1000));
    EXPECT_TRUE(waiting.back());
  }
  EXPECT_FALSE(crowd.join("one more", 1000)) << "of one client";
  EXPECT_EQ(crowd.attempts.waiting(), Attempts::kMostWaiting);
  waiting.pop_front();
  EXPECT_TRUE(crowd.join("one more", 1000));
  waiting.clear();
  EXPECT_EQ(crowd.attempts.waiting(), 0u);
}

}  // namespace
}  // namespace weir::auth
