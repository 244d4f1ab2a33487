#include "base/callback.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::base {
namespace {

struct Heard {
  void told(int number) { sum += number; }
  void told_const(int) const { ++*times; }
  int sum = 0;
  int* times = nullptr;
};

TEST(Callback, CallsItsObject) {
  Heard heard;
  const auto call = Callback<int>::to<&Heard::told>(heard);
  ASSERT_TRUE(call);
  call(3);
  call(4);
  EXPECT_EQ(heard.sum, 7);
}

TEST(Callback, AnObjectMayBeConstant) {
  int times = 0;
  const Heard heard{.times = &times};
  Callback<int>::to<&Heard::told_const>(heard)(1);
  EXPECT_EQ(times, 1);
}

TEST(Callback, IsEmptyAtFirstAndWhenItIsTakenBack) {
  Heard heard;
  Callback<int> call;
  EXPECT_FALSE(call);
  call = Callback<int>::to<&Heard::told>(heard);
  EXPECT_TRUE(call);
  call = {};
  EXPECT_FALSE(call);
  static_assert(sizeof call == 2 * sizeof(void*));
}

}  // namespace
}  // namespace weir::base
