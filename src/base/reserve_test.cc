#include "base/reserve.h"

#include <gtest/gtest.h>

#include <new>

#include "base/account.h"

namespace weir::base {
namespace {

TEST(Reserve, GivesPieceByPieceAndIsFilledAgain) {
  struct Told {
    void tell() { ++times; }
    int times = 0;
  } told;
  const Account::Watch watch(Callback<>::to<&Told::tell>(told));
  Reserve::install();
  // The handler that operator new calls when it has no memory; a sanitizer's operator new does not
  // call it.
  const std::new_handler draw = std::get_new_handler();
  EXPECT_FALSE(Reserve::drawn_on());
  EXPECT_EQ(Account::stand(), Memory::enough) << "no limit is set";
  for (int i = 0; i < Reserve::kPieces; ++i) {
    EXPECT_NO_THROW(draw()) << i;
    EXPECT_EQ(Account::stand(), Memory::over) << "with no limit too";
  }
  EXPECT_EQ(told.times, Reserve::kPieces);
  EXPECT_THROW(draw(), std::bad_alloc) << "there is no more";
  EXPECT_TRUE(Reserve::drawn_on());
  Account::compare();
  EXPECT_EQ(Account::stand(), Memory::over) << "until it is filled again, whatever is held";
  Reserve::refill();
  EXPECT_FALSE(Reserve::drawn_on());
  EXPECT_EQ(Account::stand(), Memory::enough);
  EXPECT_NO_THROW(draw()) << "it is full again";
  Reserve::refill();
  std::set_new_handler(nullptr);
}

}  // namespace
}  // namespace weir::base
