// Durations and sizes as people write them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

/// Milliseconds of `10s`, `500ms`, `15min`, `2h`, `1d`: a whole number and one unit, with one blank
/// between or none. Nothing on overflow.
std::optional<uint64_t> parse_duration_ms(std::string_view text);
/// In the largest unit that keeps it whole.
std::string duration_text(uint64_t ms);

/// Bytes of `64KiB`, `16 MiB`, `1GiB`, `512B`. Units of 1000 (KB) are not taken, since people mean
/// either by them.
std::optional<uint64_t> parse_size(std::string_view text);
std::string size_text(uint64_t bytes);

}  // namespace weir::config
