// Durations and sizes as people write them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

/// Milliseconds of `10s`, `500ms`, `15min`, `2h`, `1d`: a whole number and one unit, with at most
/// one blank between them. Nothing on overflow.
std::optional<uint64_t> parse_duration_ms(std::string_view text);
/// Written in the largest unit that gives a whole number.
std::string duration_text(uint64_t ms);

/// Bytes of `64KiB`, `16 MiB`, `1GiB`, `512B`. Units such as KB are not accepted, since some people
/// mean 1000 by them and some 1024.
std::optional<uint64_t> parse_size(std::string_view text);
std::string size_text(uint64_t bytes);

}  // namespace weir::base
