#include "codec/http1/head_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codec/http1/serialize.h"
#include "http/target_parse.h"

namespace weir::http1 {
namespace {

TEST(RequestParser, AHeadInOnePieceAndTheBytesAfterIt) {
  RequestParser parser;
  const std::string_view in =
      "GET http://A.example/x?y HTTP/1.1\r\nHost: a.example\r\nX-Odd:  v \t\r\n\r\nrest";
  const auto taken = parser.feed(in);
  ASSERT_TRUE(taken) << taken.error().detail();
  EXPECT_EQ(in.substr(*taken), "rest");
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.size(), *taken);
  EXPECT_EQ(*parser.feed("more"), 0u);
  EXPECT_EQ(parser.head()->fields.find("x-odd")->value(), "v");
  ASSERT_TRUE(http::parse_target(*parser.head()));
  EXPECT_EQ(parser.head()->target.host, "a.example");
  EXPECT_EQ(parser.head()->target.path, "/x?y");
  EXPECT_TRUE(parser.keep_alive());
}

TEST(RequestParser, StartsWithTheRequestLine) {
  RequestParser parser;
  EXPECT_FALSE(parser.started());
  ASSERT_TRUE(parser.feed(""));
  ASSERT_TRUE(parser.feed("\r"));
  ASSERT_TRUE(parser.feed("\n"));
  EXPECT_FALSE(parser.started());
  EXPECT_FALSE(parser.head());
  ASSERT_TRUE(parser.feed("G"));
  EXPECT_TRUE(parser.started());
  ASSERT_TRUE(parser.feed("ET / HTTP/1.1\r\n"));
  EXPECT_TRUE(parser.started());
  EXPECT_FALSE(parser.done());
  parser.reset();
  EXPECT_FALSE(parser.started());
}

TEST(RequestParser, ExpectOfHttp10IsDroppedWhateverItSays) {
  for (const char* value : {"100-continue", "something", "", ",", "100-continue\r\nExpect: "}) {
    RequestParser parser;
    ASSERT_TRUE(parser.feed("PUT / HTTP/1.0\r\nExpect: " + std::string(value) +
                            "\r\nContent-Length: 2\r\n\r\n"));
    ASSERT_TRUE(parser.done());
    EXPECT_FALSE(parser.head()->fields.has(http::FieldId::expect)) << value;
    EXPECT_FALSE(parser.expects_continue()) << value;
  }
}

TEST(RequestParser, IsUsedAgain) {
  RequestParser parser;
  ASSERT_TRUE(
      parser.feed("POST /1 HTTP/1.1\r\nContent-Length: 7\r\nConnection: close\r\nExpect: "
                  "100-continue\r\n\r\n"));
  const auto first = parser.take_head();
  EXPECT_EQ(parser.framing().length, 7u);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_TRUE(parser.expects_continue());
  parser.reset();
  ASSERT_TRUE(parser.feed("GET /2 HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(parser.framing().kind, Framing::Kind::none);
  EXPECT_TRUE(parser.keep_alive());
  EXPECT_FALSE(parser.expects_continue());
  EXPECT_EQ(first->raw_target, "/1");
  EXPECT_EQ(parser.head()->raw_target, "/2");
}

TEST(RequestParser, FaultsInTheMethodAreSeenAtOnce) {
  for (const auto& [in, word] : {std::pair("\x16", "TLS"),
                                 {"\x05", "SOCKS"},
                                 {"G\x01", "method"},
                                 {"(", "method"},
                                 {"GET@", "method"}}) {
    RequestParser parser;
    const auto taken = parser.feed(in);
    ASSERT_FALSE(taken) << in;
    EXPECT_EQ(taken.error().status(), 400);
    EXPECT_NE(taken.error().detail().find(word), std::string_view::npos) << taken.error().detail();
  }
  RequestParser parser;
  ASSERT_FALSE(parser.feed(std::string(65, 'A')));
}

TEST(RequestParser, LimitsAreTheGivenOnes) {
  const HeadLimits limits{.bytes = 100, .fields = 2};
  const auto status = [&](std::string_view in) {
    RequestParser parser(limits);
    const auto taken = parser.feed(in);
    return taken ? 200 : taken.error().status();
  };
  EXPECT_EQ(status("GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n"), 200);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\n\r\n"), 431);
  const std::string start = "GET / HTTP/1.1\r\nA: ";
  EXPECT_EQ(status(start + std::string(100 - start.size() - 4, 'v') + "\r\n\r\n"), 200);
  EXPECT_EQ(status(start + std::string(100 - start.size() - 3, 'v') + "\r\n\r\n"), 431);
  EXPECT_EQ(status("GET /" + std::string(100, 'a')), 414);
}

TEST(RequestParser, ByteByByteMemoryStaysInProportion) {
  std::string in = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 20; ++i)
    in += "Field-" + std::to_string(i) + ": " + std::string(3000, 'v') + "\r\n";
  in += "\r\n";
  RequestParser parser;
  for (const char c : in) ASSERT_TRUE(parser.feed({&c, 1}));
  ASSERT_TRUE(parser.done());
  EXPECT_LT(parser.head()->arena().extra_bytes(), 6 * in.size());
}

TEST(ResponseParser, InterimThenFinal) {
  ResponseParser parser(http::Method::get);
  std::string_view in =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  auto taken = parser.feed(in);
  ASSERT_TRUE(taken);
  EXPECT_EQ(parser.head()->status, 103);
  EXPECT_TRUE(parser.keep_alive());
  in.remove_prefix(*taken);
  parser.reset(http::Method::get);
  EXPECT_FALSE(parser.started());
  taken = parser.feed(in);
  ASSERT_TRUE(taken);
  EXPECT_EQ(parser.head()->status, 200);
  EXPECT_EQ(parser.framing().length, 1u);
}

TEST(ResponseParser, ErrorsNameTheirType) {
  using base::ErrorType;
  for (const auto& [in, type] :
       {std::pair<std::string, ErrorType>("SSH-2.0", ErrorType::http_protocol_error),
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
         ErrorType::http_response_transfer_coding},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'v'),
         ErrorType::http_response_header_section_size},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ErrorType::http_protocol_error}}) {
    ResponseParser parser;
    const auto taken = parser.feed(in);
    ASSERT_FALSE(taken) << in.substr(0, 60);
    EXPECT_EQ(taken.error().type(), type) << in.substr(0, 60);
    EXPECT_EQ(taken.error().status(), 502);
  }
}

/// Feeds `in` byte by byte: the number of bytes that the parser took before it saw that they begin
/// no response, or -1.
int taken_until_no_response(std::string_view in, Begin begin) {
  ResponseParser parser(http::Method::get, {}, begin);
  for (size_t i = 0; i < in.size(); ++i) {
    if (parser.feed(in.substr(i, 1))) continue;
    if (!parser.no_response()) return -1;
    return static_cast<int>(i);
  }
  return -1;
}

TEST(ResponseParser, WhatBeginsNoResponseIsSeenWithTheFirstByteThatDiffers) {
  constexpr std::string_view kNul("\0", 1);
  for (const auto& [in, mended, http_only] :
       {std::tuple<std::string_view, int, int>{"SSH-2.0", 0, 0},
        {"<html>", 0, 0},
        {kNul, 0, 0},
        {"0\r\n\r\n", 0, 0},
        {"HTTPS", 4, 4},
        {"HTML", 2, 2},
        {"HT\r\n", 2, 2},
        {"HTTP/", -1, -1},
        {"HTTP/1.1 200 OK\r\n\r\n", -1, -1},
        {"HTTP/x\r\n", -1, -1},
        {"ICY 200 OK\r\n\r\n", -1, 0},
        {"ICX", 2, 0},
        {"ICY/", 3, 0},
        {"http/1.1 200 OK\r\n\r\n", -1, 0},
        {"Http/1.1", -1, 1},
        {" HTTP/1.1", -1, 0},
        {"\r\nHTTP/1.1", -1, 0},
        {"\nHTTP/1.1", -1, 0},
        {"\rH", 1, 0},
        {"  <", 2, 0}}) {
    EXPECT_EQ(taken_until_no_response(in, Begin::mended), mended) << in;
    EXPECT_EQ(taken_until_no_response(in, Begin::http_only), http_only) << in;
  }
}

TEST(ResponseParser, BeginsAsStrictlyAsItWasToldAfterAReset) {
  ResponseParser parser(http::Method::get, {}, Begin::http_only);
  ASSERT_TRUE(parser.feed("HTTP/1.1 100 Continue\r\n\r\n"));
  parser.reset(http::Method::get);
  ASSERT_FALSE(parser.feed("\r\n"));
  EXPECT_TRUE(parser.no_response());
  parser.reset(http::Method::get, Begin::mended);
  EXPECT_FALSE(parser.no_response());
  ASSERT_TRUE(parser.feed("\r\nHTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_TRUE(parser.done());
}

TEST(ResponseParser, HttpOnlyMendsWhatFollowsTheFirstBytes) {
  ResponseParser parser(http::Method::get, {}, Begin::http_only);
  ASSERT_TRUE(parser.feed("HTTP/2.0  200 OK\nContent-Length: 0, 0\n\n"));
  ASSERT_TRUE(parser.done());
  EXPECT_STREQ(parser.mended(), "status-line");
}

TEST(ResponseParser, WhatWasMendedInAnInterimResponseIsRemembered) {
  ResponseParser parser;
  ASSERT_TRUE(parser.feed("HTTP/1.1 103 Early Hints\r\nnonsense\r\n\r\n"));
  EXPECT_STREQ(parser.mended(), "field-line");
  parser.reset(http::Method::get);
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.head()->fields.size(), 2u);
  EXPECT_STREQ(parser.mended(), "field-line");
  EXPECT_FALSE(parser.keep_alive());
}

TEST(ResponseParser, LimitsCountWhatIsDroppedAndFolded) {
  const HeadLimits limits{.bytes = 100, .fields = 3};
  const auto fits = [&](std::string_view in) {
    return ResponseParser(http::Method::get, limits).feed(in).has_value();
  };
  const std::string start = "HTTP/1.1 200 OK\r\n";
  EXPECT_TRUE(fits(start + "A: b\r\n c\r\nno\r\n\r\n"));
  EXPECT_FALSE(fits(start + "A: b\r\n c\r\nno\r\nD: e\r\n\r\n"));
  EXPECT_FALSE(fits(start + "A: b\r\n c\r\nno\r\n f\r\n\r\n"));
  EXPECT_TRUE(fits(start + std::string(100 - start.size() - 4, 'n') + "\r\n\r\n"));
  EXPECT_FALSE(fits(start + std::string(100 - start.size() - 3, 'n') + "\r\n\r\n"));
  EXPECT_TRUE(fits(std::string(100 - start.size() - 2, ' ') + start + "\r\n"));
  EXPECT_FALSE(fits(std::string(100 - start.size() - 1, ' ') + start + "\r\n"));
  EXPECT_FALSE(fits(std::string(100, ' ')));
}

TEST(ResponseParser, FoldsAndControlsCostMemoryInProportion) {
  std::string in = "HTTP/1.1 200 OK\r\nX: a\r\n";
  for (int i = 0; i < 9000; ++i) in += i % 2 ? " b\x01\r\n" : " c\r\n";
  in += "\r\n";
  for (const size_t piece : {in.size(), size_t{1}}) {
    ResponseParser parser(http::Method::get, {.bytes = 1 << 20, .fields = 10'000});
    for (size_t at = 0; at < in.size(); at += piece)
      ASSERT_TRUE(parser.feed(std::string_view(in).substr(at, piece)));
    ASSERT_TRUE(parser.done());
    EXPECT_EQ(parser.head()->fields.all()[0].value().size(), 1 + 4500 * 2 + 4500 * 3u);
    EXPECT_LT(parser.head()->arena().extra_bytes(), 10 * in.size());
  }
}

/// Random heads from ordinary and unusual pieces: an accepted head must be the same when it is
/// written and read again; the others must give errors.
TEST(Parsers, RandomHeads) {
  const std::string_view kPieces[] = {"GET ",
                                      "http://a/",
                                      "/",
                                      " HTTP/1.1",
                                      "\r\n",
                                      "\r\n",
                                      "Host: a",
                                      "Host",
                                      ":",
                                      " ",
                                      "\t",
                                      "x",
                                      "X-Y: z",
                                      "\r",
                                      "\n",
                                      std::string_view("\0", 1),
                                      "\xff",
                                      "Connection: close",
                                      "Content-Length: 5",
                                      "chunked",
                                      "Transfer-Encoding: chunked",
                                      "HTTP/1.1 200 OK",
                                      ",",
                                      "HTTP/1.1 204"};
  std::mt19937 random(11);
  int accepted = 0;
  for (int round = 0; round < 30000; ++round) {
    std::string in = round % 2 ? "GET http://a/ HTTP/1.1\r\n" : "HTTP/1.1 200 OK\r\n";
    for (int n = static_cast<int>(random() % 12); n > 0; --n) {
      in += kPieces[random() % std::size(kPieces)];
      if (random() % 2) in += "\r\n";
    }
    in += "\r\n\r\n";
    RequestParser request;
    if (request.feed(in) && request.done()) {
      ++accepted;
      std::string again(size_of(*request.head(), request.head()->raw_target), '?');
      write_head(again.data(), *request.head(), request.head()->raw_target);
      RequestParser second;
      ASSERT_TRUE(second.feed(again)) << in;
      ASSERT_EQ(second.framing().kind, request.framing().kind);
      ASSERT_EQ(second.head()->fields.size(), request.head()->fields.size());
    }
    ResponseParser response;
    if (response.feed(in) && response.done()) {
      ++accepted;
      std::string again(size_of(*response.head()), '?');
      write_head(again.data(), *response.head());
      ResponseParser second;
      ASSERT_TRUE(second.feed(again)) << in;
      ASSERT_EQ(second.framing().kind, response.framing().kind);
    }
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace weir::http1
