#include "codec/http1/head_parser.h"

#include <gtest/gtest.h>

#include "http/target_parse.h"

namespace weir::http1 {
namespace {

TEST(RequestParser, AHeadInOnePieceAndTheBytesAfterIt) {
  RequestParser parser;
  const std::string_view in = "GET http://A.example/x?y HTTP/1.1\r\nHost: a.example\r\nX-Odd:  v \t\r\n\r\nrest";
  const auto taken = parser.feed(in);
  ASSERT_TRUE(taken) << taken.error().detail();
  EXPECT_EQ(in.substr(*taken), "rest");
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.head()->fields.find("x-odd")->value(), "v");
  ASSERT_TRUE(http::parse_target(*parser.head()));
  EXPECT_EQ(parser.head()->target.host, "a.example");
  EXPECT_EQ(parser.head()->target.path, "/x?y");
  EXPECT_TRUE(parser.keep_alive());
  parser.reset();
  EXPECT_FALSE(parser.started());
  ASSERT_TRUE(parser.feed("\r\n"));
  EXPECT_FALSE(parser.started());
  ASSERT_TRUE(parser.feed("G"));
  EXPECT_TRUE(parser.started());
}

}  // namespace
}  // namespace weir::http1
