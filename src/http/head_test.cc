#include "http/head.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http {
namespace {

TEST(FieldIds, EveryNameIsFoundWithoutCase) {
  for (uint16_t i = 1; i <= static_cast<uint16_t>(FieldId::x_forwarded_for); ++i) {
    const auto id = static_cast<FieldId>(i);
    std::string name(name_of(id));
    EXPECT_EQ(field_id_of(name), id);
    for (char& c : name) c = static_cast<char>(toupper(c));
    EXPECT_EQ(field_id_of(name), id);
    EXPECT_EQ(field_id_of(name + "x"), FieldId::other);
  }
  EXPECT_EQ(field_id_of(""), FieldId::other);
}

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

}  // namespace
}  // namespace weir::http
