#include "codec/http1/request_start.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http1 {
namespace {

struct Case {
  std::string bytes;
  Start start;
};

TEST(RequestStart, IsToldAsSoonAsItIsKnown) {
  const std::string longest(kLongestRecognisedMethod, 'M');
  const Case cases[] = {
      {"", Start::empty_line},
      {"\r", Start::empty_line},
      {"\r\n", Start::empty_line},
      {"G", Start::undecided},
      {"GET", Start::undecided},
      {"GET ", Start::request},
      {"GET /", Start::request},
      {"\r\nGET ", Start::request},
      {longest, Start::undecided},
      {longest + " ", Start::request},
      {longest + "M", Start::other},
      {longest + "M ", Start::other},
      {" ", Start::other},
      {"\n", Start::other},
      {"\rG", Start::other},
      {"\r\n\r\nGET ", Start::other},
      {"GET\t", Start::other},
      {"<", Start::other},
      {"{", Start::other},
      {"SSH-2.0-x\r\n", Start::other},
      {std::string("\0", 1), Start::other},
      {"\xff\xfb\x90", Start::other},
  };
  for (const Case& each : cases) EXPECT_EQ(start_of(each.bytes), each.start) << each.bytes;
}

TEST(RequestStart, OfAFirstLineIsToldAtItsEnd) {
  const Case cases[] = {
      {"", Start::empty_line},
      {"GET", Start::undecided},
      {"GET / HTTP/1.1", Start::undecided},
      {"GET / HTTP/1.1\r", Start::undecided},
      {"GET / HTTP/1.1\r\n", Start::request},
      {"\r\nGET / HTTP/1.0\nHost", Start::request},
      {"GET / HTTP/2.0\r\n", Start::other},
      {"hello world\n", Start::other},
      {"hello world", Start::undecided},
      {"GET /\x01", Start::other},
      {"GET /\rx", Start::other},
      {"<x/>", Start::other},
  };
  for (const Case& each : cases) EXPECT_EQ(first_line_of(each.bytes), each.start) << each.bytes;
}

TEST(RequestStart, NeverChangesItsMind) {
  const auto is_final = [](Start start) {
    return start == Start::request || start == Start::other;
  };
  for (const std::string bytes :
       {"\r\nOPTIONS * HTTP/1.1", "<stream>", "WORDS-WITHOUT-AN-END-THAT-ARE-NO-METHOD"}) {
    Start last = Start::undecided;
    for (size_t size = 0; size <= bytes.size(); ++size) {
      const Start start = start_of(std::string_view(bytes).substr(0, size));
      if (is_final(last)) EXPECT_EQ(start, last);
      last = start;
    }
    EXPECT_TRUE(is_final(last));
  }
}

}  // namespace
}  // namespace weir::http1
