#include "codec/caching/pieces.h"

#include <gtest/gtest.h>

#include <random>

#include "codec/caching/heads_fake.h"

namespace weir::caching {
namespace {

bool kept(Lines lines, int status = 206) {
  return piece_of(*response(lines, status), kNow).has_value();
}

TEST(Pieces, WhichPartsMayBeKept) {
  EXPECT_TRUE(
      kept({{"Content-Range", "bytes 2-5/10"}, {"ETag", "\"a\""}, {"Content-Length", "4"}}));
  EXPECT_TRUE(kept({{"Content-Range", "bytes 2-5/10"}, {"ETag", "\"a\""}}));
  EXPECT_TRUE(kept({{"Content-Range", "bytes 2-5/10"}, {"Last-Modified", date(kNow - 60)}}));
  EXPECT_FALSE(kept({{"Content-Range", "bytes 2-5/10"}, {"ETag", "\"a\""}}, 200));
  EXPECT_FALSE(kept({{"Content-Range", "bytes 2-5/10"}}))
      << "nothing tells it from another version";
  EXPECT_FALSE(kept({{"Content-Range", "bytes 2-5/10"}, {"ETag", "W/\"a\""}}));
  EXPECT_FALSE(kept({{"Content-Range", "bytes 2-5/10"}, {"Last-Modified", date(kNow)}}));
  EXPECT_FALSE(kept({{"Content-Range", "bytes 2-5/*"}, {"ETag", "\"a\""}}));
  EXPECT_FALSE(
      kept({{"Content-Range", "bytes 2-5/10"}, {"ETag", "\"a\""}, {"Content-Length", "5"}}));
  EXPECT_FALSE(kept(
      {{"Content-Range", "bytes 2-5/10"}, {"Content-Range", "bytes 2-5/10"}, {"ETag", "\"a\""}}));
  EXPECT_FALSE(kept({{"ETag", "\"a\""}}));
}

bool one(Lines a, Lines b) {
  return are_of_one(response(a)->fields, response(b)->fields, kNow);
}

TEST(Pieces, WhichPartsAreOfOneResponse) {
  const std::string old = date(kNow - 60);
  EXPECT_TRUE(one({{"ETag", "\"a\""}}, {{"ETag", "\"a\""}}));
  EXPECT_FALSE(one({{"ETag", "\"a\""}}, {{"ETag", "\"b\""}}));
  EXPECT_FALSE(one({{"ETag", "W/\"a\""}}, {{"ETag", "W/\"a\""}}));
  EXPECT_TRUE(one({{"Last-Modified", old}}, {{"Last-Modified", old}}));
  EXPECT_FALSE(one({{"Last-Modified", old}, {"ETag", "\"a\""}}, {{"Last-Modified", old}}));
  EXPECT_FALSE(one({{"Last-Modified", date(kNow)}}, {{"Last-Modified", date(kNow)}}));
  EXPECT_FALSE(one({}, {}));
}

TEST(Pieces, AreJoined) {
  Pieces pieces(10);
  EXPECT_TRUE(pieces.add({0, 1}));
  EXPECT_TRUE(pieces.add({6, 9}));
  EXPECT_FALSE(pieces.complete());
  EXPECT_EQ(pieces.missing_in({0, 9}), (std::vector<ByteRange>{{2, 5}}));
  EXPECT_EQ(pieces.missing_in({7, 8}), std::vector<ByteRange>{});
  EXPECT_TRUE(pieces.add({2, 5}));
  EXPECT_TRUE(pieces.complete());
  EXPECT_EQ(pieces.all().size(), 1u);
  EXPECT_FALSE(pieces.add({5, 10})) << "behind the end";
}

TEST(Pieces, AreNotWithoutNumber) {
  Pieces pieces(1000);
  for (size_t i = 0; i < kMostPieces; ++i) EXPECT_TRUE(pieces.add({i * 3, i * 3}));
  EXPECT_FALSE(pieces.add({900, 900}));
  EXPECT_EQ(pieces.all().size(), kMostPieces);
  EXPECT_TRUE(pieces.add({1, 1})) << "it joins one";
}

TEST(Pieces, AsASlowModelHasThem) {
  std::mt19937 random(20261201);
  for (int round = 0; round < 500; ++round) {
    const uint64_t length = 1 + random() % 60;
    Pieces pieces(length);
    std::vector<bool> there(length);
    for (int step = 0; step < 12; ++step) {
      const uint64_t first = random() % length, last = first + random() % (length - first);
      ASSERT_TRUE(pieces.add({first, last}));
      for (uint64_t at = first; at <= last; ++at) there[at] = true;
      const uint64_t from = random() % length, to = from + random() % (length - from);
      std::vector<bool> gap(length);
      for (const ByteRange& each : pieces.missing_in({from, to}))
        for (uint64_t at = each.first; at <= each.last; ++at) gap[at] = true;
      bool all = true;
      for (uint64_t at = 0; at < length; ++at) {
        const bool asked = at >= from && at <= to;
        ASSERT_EQ(gap[at], asked && !there[at]);
        all &= !asked || there[at];
      }
      ASSERT_EQ(pieces.has({from, to}), all);
    }
  }
}

}  // namespace
}  // namespace weir::caching
