#include "http/head.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

TEST(Fields, EditsKeepOrderAndViews) {
  auto head = RequestHead::make();
  for (int i = 0; i < 200; ++i) head->fields.add("X-" + std::to_string(i), std::string(50, 'v'));
  const std::string_view early = head->fields.all()[0].value();
  head->fields.add(FieldId::via, "1.1 a");
  head->fields.add("VIA", "1.1 b");
  for (int i = 0; i < 1000; ++i) head->copy(std::string(100, 'x'));
  EXPECT_EQ(early, std::string(50, 'v'));
  EXPECT_EQ(head->fields.count(FieldId::via), 2u);
  head->fields.set(FieldId::via, "1.1 c");
  EXPECT_EQ(head->fields.count(FieldId::via), 1u);
  EXPECT_EQ(head->fields.get(FieldId::via), "1.1 c");
  head->fields.set_first(FieldId::host, "site");
  EXPECT_EQ(head->fields.all()[0].value(), "site");
  head->fields.remove("x-7");
  EXPECT_EQ(head->fields.find("X-7"), nullptr);
  EXPECT_EQ(head->fields.all()[8].name(), "X-8");
}

TEST(Fields, WhatWasNeverThereIsKnownAndWhatIsThereIsFound) {
  auto head = RequestHead::make();
  Fields& fields = head->fields;
  EXPECT_FALSE(fields.may_have(FieldId::via));
  EXPECT_FALSE(fields.has(FieldId::via));
  fields.remove(FieldId::via);
  fields.add("Via", "1.1 a");
  fields.add("X-Other", "x");
  fields.add_in_place("via", "1.1 b", FieldId::via);
  EXPECT_TRUE(fields.may_have(FieldId::via));
  EXPECT_EQ(fields.count(FieldId::via), 2u);
  fields.remove(FieldId::via);
  EXPECT_FALSE(fields.has(FieldId::via));
  EXPECT_EQ(fields.count(FieldId::via), 0u);
  EXPECT_EQ(fields.get(FieldId::via), "");
  fields.set(FieldId::via, "1.1 c");
  EXPECT_EQ(fields.get(FieldId::via), "1.1 c");
  EXPECT_EQ(fields.size(), 2u);
}

TEST(Fields, SetLeavesOneLineInTheFirstOnesPlace) {
  for (const std::string_view value : {"10", "11"}) {
    auto head = RequestHead::make();
    Fields& fields = head->fields;
    for (const char* each : {"10", "20", "10"}) {
      fields.add("Content-Length", each);
      fields.add("X-After", each);
    }
    const char* const before = fields.all()[0].value().data();
    fields.set(FieldId::content_length, value);
    ASSERT_EQ(fields.size(), 4u) << value;
    EXPECT_EQ(fields.all()[0].value(), value);
    EXPECT_EQ(fields.all()[0].value().data() == before, value == "10")
        << "copied only if it says something else";
    for (size_t i = 1; i < 4; ++i) EXPECT_EQ(fields.all()[i].name(), "X-After");
    EXPECT_EQ(fields.all()[2].value(), "20");
  }
}

}  // namespace
}  // namespace weir::http
