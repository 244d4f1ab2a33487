#include "http/field_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weir::http {
namespace {

template <class Change>
std::string changed(std::string_view name, Change change) {
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) text += static_cast<char>(change(name[i], i));
  return text;
}

TEST(FieldIds, EveryNameIsFoundInEveryCase) {
  std::set<std::string_view> names;
  for (size_t at = 1; at < kFieldIds; ++at) {
    const auto id = static_cast<FieldId>(at);
    const std::string_view name = name_of(id);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(field_id_of(name), id) << name;
    for (const std::string& each :
         {changed(name, [](char c, size_t) { return tolower(c); }),
          changed(name, [](char c, size_t) { return toupper(c); }),
          changed(name, [](char c, size_t i) { return i % 2 ? toupper(c) : tolower(c); })})
      EXPECT_EQ(field_id_of(each), id) << each;
  }
  EXPECT_EQ(name_of(FieldId::other), "");
}

TEST(FieldIds, ANameThatIsNearlyKnownIsUnknown) {
  for (size_t at = 1; at < kFieldIds; ++at) {
    const std::string name(name_of(static_cast<FieldId>(at)));
    for (const std::string& each :
         {name + "x", "x" + name, name.substr(1), name.substr(0, name.size() - 1), name + name})
      EXPECT_EQ(field_id_of(each), FieldId::other) << each;
    for (size_t i = 0; i < name.size(); ++i) {
      std::string each = name;
      for (const char c : std::string_view("!-_`q5")) {
        if (c == tolower(name[i])) continue;
        each[i] = c;
        EXPECT_EQ(field_id_of(each), FieldId::other) << each;
      }
    }
  }
}

TEST(FieldIds, UnknownNamesOfAnyLength) {
  for (const std::string_view name :
       {"", "a", "X", "-", "xy", "X-Request-Id", "X-Content-Security-Policy-Report-OnlyXXX"})
    EXPECT_EQ(field_id_of(name), FieldId::other) << name;
  EXPECT_EQ(field_id_of(std::string(40, 'c')), FieldId::other);
  EXPECT_EQ(field_id_of("Host" + std::string(252, 'x') + "Host"), FieldId::other);
}

TEST(FieldIds, LongNamesAreKnown) {
  EXPECT_EQ(field_id_of("content-security-policy-report-only"),
            FieldId::content_security_policy_report_only);
  EXPECT_EQ(field_id_of("Access-Control-Allow-Credentials"),
            FieldId::access_control_allow_credentials);
}

}  // namespace
}  // namespace weir::http
