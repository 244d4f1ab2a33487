#include "codec/caching/vary.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace weir::caching {
namespace {

VaryNames names(std::initializer_list<const char*> lines) {
  const auto head = http::ResponseHead::make();
  for (const char* line : lines) head->fields.add("Vary", line);
  return VaryNames::of(head->fields);
}

using Lines = std::initializer_list<std::pair<const char*, const char*>>;

std::string selects(const char* vary, Lines lines) {
  const auto head = http::RequestHead::make();
  for (const auto& [name, value] : lines) head->fields.add(name, value);
  return selecting_text(names({vary}), head->fields);
}

TEST(Vary, NamesOfAllLinesOnce) {
  EXPECT_EQ(names({"Accept, Foo", "foo , Accept-Language"}).names,
            (std::vector<std::string>{"accept", "accept-language", "foo"}));
  EXPECT_TRUE(names({}).names.empty() && !names({}).nothing);
  EXPECT_TRUE(names({" , "}).names.empty() && !names({" , "}).nothing);
}

TEST(Vary, WhatMatchesNothing) {
  for (const auto& vary : {names({"*"}), names({"Accept, *"}), names({"Accept", ", *"}),
                           names({"a b"}), names({"a,b,c,d,e,f,g,h,i"})}) {
    EXPECT_TRUE(vary.nothing);
    EXPECT_TRUE(vary.names.empty());
  }
  EXPECT_FALSE(names({"a,b,c,d,e,f,g,h"}).nothing);
}

TEST(Vary, ValuesHaveToBeTheSame) {
  const std::string one = selects("Foo", {{"Foo", "1"}});
  EXPECT_EQ(selects("Foo", {{"FOO", " 1 "}, {"Bar", "2"}}), one);
  EXPECT_NE(selects("Foo", {{"Foo", "2"}}), one);
  EXPECT_NE(selects("Foo", {}), one);
  EXPECT_NE(selects("Foo", {{"Foo", ""}}), selects("Foo", {})) << "absent is not empty";
  EXPECT_NE(selects("Foo", {{"Foo", "a"}}), selects("Foo", {{"Foo", "A"}}));
}

TEST(Vary, LinesAndBlanksOfListsDoNotMatter) {
  const std::string one = selects("Foo", {{"Foo", "1,2"}});
  EXPECT_EQ(selects("Foo", {{"Foo", "1"}, {"Foo", "2"}}), one);
  EXPECT_EQ(selects("Foo", {{"Foo", " 1 ,\t2, "}}), one);
  EXPECT_NE(selects("Foo", {{"Foo", "2, 1"}}), one) << "its order may matter";
  EXPECT_EQ(normalised("foo", "a, \"b, c\" , d"), "a,\"b, c\",d");
  EXPECT_EQ(normalised("foo", "\"a\\\", b\", c"), "\"a\\\", b\",c");
}

TEST(Vary, NoValueLooksLikeAnotherField) {
  EXPECT_NE(selects("a, b", {{"a", "1"}, {"b", "2"}}), selects("a, b", {{"a", "1,b=2"}}));
  EXPECT_NE(selects("a, b", {{"a", "b=1"}}), selects("a, b", {{"b", "1"}}));
}

TEST(Vary, CodingsInAnyOrderOfTheSameWeight) {
  const auto form = [](const char* value) { return normalised("accept-encoding", value); };
  EXPECT_EQ(form("gzip, deflate, br"), form("br,gzip,deflate"));
  EXPECT_EQ(form("GZIP;q=1.0, br;Q=1"), form("br, gzip"));
  EXPECT_EQ(form("x-gzip"), form("gzip"));
  EXPECT_EQ(form("br, X-Gzip"), form("gzip, br"));
  EXPECT_NE(form("gzip;q=0.5, br"), form("gzip, br"));
  EXPECT_EQ(form("gzip;q=0.50, br"), form("br;q=1.000, gzip;q=0.5"));
  EXPECT_NE(form("gzip"), form("gzip, identity;q=0"));
  EXPECT_NE(form("gzip"), form(""));
  EXPECT_EQ(form("gzip, x-new, br"), "gzip,x-new,br") << "nothing is known of it";
  EXPECT_EQ(form("*, gzip"), "*,gzip");
  EXPECT_EQ(form("gzip;q=2, br"), "gzip;q=2,br");
  EXPECT_EQ(form("gzip, gzip;q=0"), "gzip,gzip;q=0");
  EXPECT_EQ(form("gzip, x-gzip;q=0"), "gzip,x-gzip;q=0");
  EXPECT_EQ(form("gzip;x=1"), "gzip;x=1");
}

TEST(Vary, LanguagesInAnyOrderOfTheSameWeight) {
  const auto form = [](const char* value) { return normalised("accept-language", value); };
  EXPECT_EQ(form("en, de"), form("DE,en"));
  EXPECT_EQ(form("en;q=0.8, de;q=0.8, fr"), form("fr, de;q=0.8,en;q=0.800"));
  EXPECT_NE(form("en, de;q=0.5"), form("en;q=0.5, de"));
  EXPECT_NE(form("en"), form("en-US"));
  EXPECT_NE(form("en, *;q=0.1"), form("en"));
  EXPECT_EQ(form("en q=1, de"), "en q=1,de");
}

TEST(Vary, OthersAreNotTouched) {
  EXPECT_NE(normalised("accept", "a/b, c/d"), normalised("accept", "c/d, a/b"));
  EXPECT_NE(normalised("user-agent", "A"), normalised("user-agent", "a"));
}

}  // namespace
}  // namespace weir::caching
