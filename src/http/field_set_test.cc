#include "http/field_set.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

/// Every id that a set has room for, named or not.
constexpr FieldId id_at(size_t at) {
  return static_cast<FieldId>(at);
}

TEST(FieldSets, HoldWhatWasAddedAndNothingElse) {
  for (size_t added = 0; added < FieldSet::kCapacity; ++added) {
    FieldSet set;
    set.add(id_at(added));
    for (size_t asked = 0; asked < FieldSet::kCapacity; ++asked)
      EXPECT_EQ(set.has(id_at(asked)), asked == added) << added << " " << asked;
  }
}

TEST(FieldSets, AConstantSetWithoutIdsAbove63HasNone) {
  constexpr FieldSet kLow{id_at(1), id_at(63)};
  for (size_t asked = 0; asked < FieldSet::kCapacity; ++asked)
    EXPECT_EQ(kLow.has(id_at(asked)), asked == 1 || asked == 63) << asked;
}

TEST(FieldSets, AreComparedInBothWords) {
  for (const size_t each : {0, 1, 63, 64, 127}) {
    FieldSet set{id_at(5), id_at(70)};
    EXPECT_FALSE(set.has(id_at(each)));
    const FieldSet other{id_at(each)};
    EXPECT_FALSE(set.intersects(other)) << each;
    EXPECT_FALSE(set.contains(other)) << each;
    set.unite(other);
    EXPECT_TRUE(set.intersects(other)) << each;
    EXPECT_TRUE(set.contains(other)) << each;
    EXPECT_FALSE(other.contains(set)) << each;
    EXPECT_TRUE(set.has(id_at(5)) && set.has(id_at(70)) && set.has(id_at(each))) << each;
  }
  EXPECT_FALSE(FieldSet().intersects(FieldSet()));
}

}  // namespace
}  // namespace weir::http
