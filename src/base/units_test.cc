#include "base/units.h"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(Units, Durations) {
  const std::pair<const char*, uint64_t> good[] = {{"0ms", 0},
                                                   {"500ms", 500},
                                                   {"10s", 10'000},
                                                   {"15min", 900'000},
                                                   {"2h", 7'200'000},
                                                   {"1d", 86'400'000},
                                                   {"90s", 90'000},
                                                   {"1 s", 1000},
                                                   {"15 min", 900'000},
                                                   {"007s", 7000},
                                                   {"18446744073709551615ms", UINT64_MAX}};
  for (const auto& [text, ms] : good) EXPECT_EQ(parse_duration_ms(text), ms) << text;
  for (const char* bad : {"",
                          "10",
                          "s",
                          "-1s",
                          "+1s",
                          "1.5s",
                          "1  s",
                          "1\ts",
                          "1 ",
                          " s",
                          " 1s",
                          "1s ",
                          "1S",
                          "1m",
                          "1sec",
                          "1h30min",
                          "1us",
                          "0x1s",
                          "18446744073709551616ms",
                          "18446744073709551615s"}) {
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
  }
  for (const char* text :
       {"0ms", "1ms", "999ms", "1s", "1500ms", "90s", "2min", "1h", "3d", "25h"}) {
    EXPECT_EQ(duration_text(*parse_duration_ms(text)), text);
  }
}

TEST(Units, Sizes) {
  const std::pair<const char*, uint64_t> good[] = {
      {"0B", 0},         {"512B", 512}, {"64KiB", 65536},    {"16MiB", 16777216},
      {"64 KiB", 65536}, {"1 B", 1},    {"3GiB", 3221225472}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(parse_size(text), bytes) << text;
  for (const char* bad :
       {"", "64", "64K", "64KB", "64kib", "64kB", "-1B", "1.5MiB", "1  MiB", "1\tMiB", "1 MiB ",
        "1 M iB", "1 ", " MiB", "KiB", "18446744073709551615KiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
  for (const char* text : {"0B", "1B", "1KiB", "1025B", "1536KiB", "64MiB", "5GiB"})
    EXPECT_EQ(size_text(*parse_size(text)), text);
}

}  // namespace
}  // namespace weir::base
