#include "http/parameters.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

/// Each element as name[=value], with `?` where it is not well-formed.
std::string read(std::string_view list) {
  std::string text;
  while (const auto found = take_parameter(list)) {
    if (!text.empty()) text += " | ";
    text += found->name;
    if (found->has_value) text += '=' + found->value();
    if (!found->well_formed) text += '?';
  }
  return text;
}

TEST(Parameters, EachForm) {
  EXPECT_EQ(read("no-store"), "no-store");
  EXPECT_EQ(read("a=1, b=\"two\",c"), "a=1 | b=two | c");
  EXPECT_EQ(read("  a \t,  b=2  "), "a | b=2");
  EXPECT_EQ(read("a=\"\""), "a=");
}

TEST(Parameters, CommasAndEqualsInQuotesAreContent) {
  EXPECT_EQ(read("private=\"a, b\", x"), "private=a, b | x");
  EXPECT_EQ(read("x=\"max-age=5, y\", max-age=1"), "x=max-age=5, y | max-age=1");
  EXPECT_EQ(read("x=\"a\\\", b\\\\\", y"), "x=a\", b\\ | y");
}

TEST(Parameters, EmptyElementsAreNone) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(" , ,\t,"), "");
  EXPECT_EQ(read(",,a,,b,"), "a | b");
}

TEST(Parameters, WhatFollowsNoGrammar) {
  EXPECT_EQ(read("max-age =5, b"), "max-age? | b");
  EXPECT_EQ(read("max-age= 5, b"), "max-age=? | b");
  EXPECT_EQ(read("max-age=, b"), "max-age=? | b");
  EXPECT_EQ(read("max-age=5 6, b"), "max-age=5? | b");
  EXPECT_EQ(read("max-age=5;b, c"), "max-age=5? | c");
  EXPECT_EQ(read("=5, b"), "=5? | b");
  EXPECT_EQ(read("\"a, b\", c"), "? | c");
  EXPECT_EQ(read("a=\"b, c"), "a=b, ?") << "no end: all of the rest is in it";
  EXPECT_EQ(read("a=\"b\\"), "a=b?");
  EXPECT_EQ(read("a=\"b\"c, d"), "a=b? | d");
  EXPECT_EQ(read("a@b=\"c, d\", e"), "a? | e");
}

}  // namespace
}  // namespace weir::http
