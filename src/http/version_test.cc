#include "http/version.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(Versions, TextsForLinesAndForVia) {
  struct {
    Version version;
    std::string_view text, received_protocol;
  } const cases[] = {
      {Version::http_1_0, "HTTP/1.0", "1.0"},
      {Version::http_1_1, "HTTP/1.1", "1.1"},
      {Version::http_2, "HTTP/2.0", "2"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(text_of(test.version), test.text);
    EXPECT_EQ(received_protocol_of(test.version), test.received_protocol);
  }
}

TEST(Versions, ALaterOneIsGreater) {
  EXPECT_LT(Version::http_1_0, Version::http_1_1);
  EXPECT_LT(Version::http_1_1, Version::http_2);
}

}  // namespace
}  // namespace weir::http
