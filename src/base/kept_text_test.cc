#include "base/kept_text.h"

#include <gtest/gtest.h>

#include "base/account.h"

namespace weir::base {
namespace {

TEST(KeptText, HoldsWhatItWasGiven) {
  for (const size_t size : {0u, 1u, 4u, 12u, 100u, 20'000u}) {
    const std::string text(size, 'x');
    KeptText kept = text, other = "before";
    EXPECT_EQ(kept, text);
    EXPECT_EQ(kept.empty(), size == 0);
    EXPECT_EQ(kept.size(), size);
    other = kept;
    const KeptText moved = std::move(kept);
    EXPECT_EQ(other, text);
    EXPECT_EQ(moved, text);
    EXPECT_EQ(moved.text(), text);
    EXPECT_TRUE(kept.empty());
    other = "";
    EXPECT_TRUE(other.empty());
  }
  static_assert(sizeof(KeptText) == sizeof(void*));
}

TEST(KeptText, GivesBackWhatItTook) {
  keep_memory(false);
  const int64_t before = Account::held_in_all();
  {
    const KeptText kept = std::string(5000, 'x');
    const KeptText copy = kept;
    EXPECT_GE(Account::held_in_all(), before + 10'000);
  }
  EXPECT_EQ(Account::held_in_all(), before);
  keep_memory(true);
}

}  // namespace
}  // namespace weir::base
