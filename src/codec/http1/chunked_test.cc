#include "codec/http1/chunked.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codec/http1/serialize.h"

namespace weir::http1 {
namespace {

TEST(ChunkedDecoder, SeveralChunksBecomeOneSliceAndTheRestStays) {
  ChunkedDecoder decoder(Side::origin);
  std::string data = "3\r\nabc\r\n4;x\r\ndefg\r\n1\r\nh\r\n0\r\n\r\nHTTP/1.1 200 OK";
  const auto decoded = decoder.decode(data.data(), data.size());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(data.substr(0, decoded->produced), "abcdefgh");
  EXPECT_EQ(data.substr(decoded->consumed), "HTTP/1.1 200 OK");
  EXPECT_TRUE(decoded->done);
  EXPECT_EQ(decoder.total(), 8u);
  EXPECT_FALSE(decoder.trailers());
  const auto more = decoder.decode(data.data(), data.size());
  ASSERT_TRUE(more);
  EXPECT_EQ(more->consumed, 0u);
}

TEST(ChunkedDecoder, SaysWhatIsLeftInTheChunk) {
  ChunkedDecoder decoder(Side::client);
  std::string data = "fffff\r\nabc";
  ASSERT_TRUE(decoder.decode(data.data(), data.size()));
  EXPECT_EQ(decoder.left_in_chunk(), 0xfffffu - 3);
  EXPECT_FALSE(decoder.done());
}

TEST(ChunkedDecoder, TheLargestChunk) {
  for (const auto& [size, fine] : {std::pair("4000000000000000", true),
                                   {"4000000000000001", false},
                                   {"7fffffffffffffff", false},
                                   {"fffffffffffffffff", false},
                                   {"0000000000000001", true},
                                   {"00000000000000001", false}}) {
    ChunkedDecoder decoder(Side::origin);
    std::string data = std::string(size) + "\r\n";
    const auto decoded = decoder.decode(data.data(), data.size());
    EXPECT_EQ(decoded.has_value(), fine) << size;
    if (!decoded) EXPECT_EQ(decoded.error().status(), 502);
  }
}

/// Chunks of 64 bytes with an extension of 34 bytes each, so that the extensions exceed 4 KiB in
/// total.
TEST(ChunkedDecoder, ALongStreamMayHaveShortExtensions) {
  for (const Side side : {Side::client, Side::origin}) {
    ChunkedDecoder decoder(side);
    const std::string chunk =
        "40;x=" + std::string(32, 'e') + "\r\n" + std::string(64, 'c') + "\r\n";
    for (int i = 0; i < 20'000; ++i) {
      std::string data = chunk;
      ASSERT_TRUE(decoder.decode(data.data(), data.size())) << i;
    }
    EXPECT_EQ(decoder.total(), 64u * 20'000);
    EXPECT_FALSE(decoder.mended());
  }
}

TEST(ChunkedDecoder, ExtensionsBeyond4KiBAndTheContentAreTooLong) {
  ChunkedDecoder decoder(Side::client);
  int chunks = 0;
  for (; chunks < 1000; ++chunks) {
    std::string data = "1;" + std::string(64, 'e') + "\r\nc\r\n";
    if (!decoder.decode(data.data(), data.size())) break;
  }
  // Each takes 66 bytes, including the CR: that many fit into the allowance of 4 KiB and the
  // content so far.
  EXPECT_EQ(chunks, 63);
}

TEST(ChunkedDecoder, WhatIsWrittenIsRead) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::string wire;
    std::string content;
    for (int n = static_cast<int>(random() % 8); n > 0; --n) {
      std::string chunk(1 + random() % (round % 2 ? 20 : 3000), static_cast<char>(random()));
      char line[kChunkSizeLine];
      wire.append(line, write_chunk_size(line, chunk.size()));
      wire += chunk;
      wire += kChunkEnd;
      content += chunk;
    }
    const auto trailers = http::Trailers::make();
    if (round % 3) trailers->fields.add("X-Sum", std::to_string(round));
    const http::Trailers* written = round % 3   ? trailers.get()
                                    : round % 2 ? trailers.get()
                                                : nullptr;
    std::string last(size_of_last_chunk(written), '?');
    ASSERT_EQ(write_last_chunk(last.data(), written), last.data() + last.size());
    wire += last;

    ChunkedDecoder decoder(Side::client);
    std::string read;
    for (size_t at = 0; at < wire.size();) {
      std::string piece = wire.substr(at, 1 + random() % (1 + random() % 500));
      const auto decoded = decoder.decode(piece.data(), piece.size());
      ASSERT_TRUE(decoded) << decoded.error().detail();
      ASSERT_EQ(decoded->consumed, piece.size());
      read += piece.substr(0, decoded->produced);
      at += piece.size();
    }
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(read, content);
    EXPECT_EQ(decoder.trailers() ? decoder.trailers()->fields.size() : 0, round % 3 ? 1u : 0u);
  }
}

TEST(Trailers, FieldsThatAreReadBeforeTheContentAreForbidden) {
  for (const char* name : {"Host",
                           "content-length",
                           "Transfer-Encoding",
                           "Set-Cookie",
                           "Age",
                           "Accept-Encoding",
                           "Content-Encoding",
                           "Content-Language",
                           "Content-Location",
                           "Expires",
                           "If-Match",
                           "If-Modified-Since",
                           "If-None-Match",
                           "If-Range",
                           "If-Unmodified-Since",
                           "Origin",
                           "Pragma",
                           "Range",
                           "Retry-After",
                           "Vary",
                           "Warning",
                           "Accept-Ranges",
                           "Strict-Transport-Security",
                           "Authentication-Info",
                           "SEC-WEBSOCKET-ACCEPT",
                           "Proxy-Support",
                           "Date"})
    EXPECT_TRUE(is_forbidden_trailer(http::field_id_of(name))) << name;
  for (const char* name : {"ETag", "Last-Modified", "Server", "User-Agent", "Referer", "Accept",
                           "Link", "X-Sum", "Digest", "Content-Security-Policy", "Allow"})
    EXPECT_FALSE(is_forbidden_trailer(http::field_id_of(name))) << name;
}

TEST(ChunkedDecoder, LargestChunkSizeLineFits) {
  char line[kChunkSizeLine];
  EXPECT_EQ(write_chunk_size(line, ~uint64_t{0}) - line, static_cast<ptrdiff_t>(kChunkSizeLine));
}

}  // namespace
}  // namespace weir::http1
