#include "base/segment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "base/memory.h"

namespace weir::base {
namespace {

TEST(Segment, IsFreedByTheLastShare) {
  const int64_t before = Segment::held();
  Ref<Segment> one = Segment::make(1000);
  EXPECT_EQ(Segment::held(), before + 1000 + static_cast<int64_t>(sizeof(Segment)));
  std::memcpy(one->data(), "content", 7);
  Ref<Block> lease = Block::lease(one);
  one = nullptr;
  Slice slice(lease, {"", 0});
  EXPECT_GT(Segment::held(), before);
  lease = nullptr;
  EXPECT_GT(Segment::held(), before) << "the slice still counts on the lease";
  slice = Slice();
  EXPECT_EQ(Segment::held(), before);
}

TEST(Segment, SlicesOfALeaseAreSlices) {
  const Ref<Segment> one = Segment::make(100);
  std::memcpy(one->data(), "0123456789", 10);
  const Ref<Block> lease = Block::lease(one);
  Slice piece(lease, {one->data() + 2, 5});
  EXPECT_EQ(piece.view(), "23456");
  Slice front = piece.front(2);
  piece.drop_front(3);
  EXPECT_EQ(front.view(), "23");
  EXPECT_EQ(piece.view(), "56");
}

TEST(Segment, NothingIsWrittenIntoALease) {
  const Ref<Segment> one = Segment::make(100);
  std::memcpy(one->data(), "0123456789", 10);
  Slice piece(Block::lease(one), {one->data(), 5});
  EXPECT_FALSE(piece.block()->shared());
  EXPECT_EQ(piece.block()->capacity(), 0u);
  EXPECT_FALSE(piece.append("x"));
  EXPECT_FALSE(piece.append(""));
  EXPECT_EQ(std::string_view(one->data(), 10), "0123456789");
}

TEST(Segment, ABlockOfNoBytesIsNoLease) {
  const Slice empty = Slice::copy_of("");
  EXPECT_EQ(empty.view(), "");
}

/// ThreadSanitizer and AddressSanitizer judge: each thread has leases of its own, and any of them
/// may be the last.
TEST(Segment, SharedByThreads) {
  constexpr int kSegments = 64, kThreads = 4, kRounds = 2000;
  const int64_t before = Segment::held();
  std::vector<Ref<Segment>> segments;
  for (int i = 0; i < kSegments; ++i) {
    segments.push_back(Segment::make(64));
    std::memset(segments.back()->data(), 'a' + i % 26, 64);
  }
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&wrong, t, own = segments]() mutable {
      std::mt19937 random(static_cast<unsigned>(t));
      std::vector<std::pair<Slice, char>> kept;
      for (int round = 0; round < kRounds; ++round) {
        const size_t place = random() % kSegments;
        const Ref<Segment>& segment = own[place];
        kept.emplace_back(Slice(Block::lease(segment), {segment->data() + round % 60, 4}),
                          static_cast<char>('a' + place % 26));
        if (kept.size() > 20) kept.erase(kept.begin() + static_cast<ptrdiff_t>(random() % 20));
        for (const auto& [slice, letter] : kept) wrong += slice.view() != std::string(4, letter);
      }
    });
  }
  segments.clear();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Segment::held(), before);
}

}  // namespace
}  // namespace weir::base
