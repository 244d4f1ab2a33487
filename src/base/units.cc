#include "base/units.h"

#include <span>

#include "base/text.h"

namespace weir::base {

namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};
constexpr Unit kDurations[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr Unit kSizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};

std::optional<uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const auto number = base::parse_decimal(text.substr(0, digits));
  if (!number) return std::nullopt;
  std::string_view name = text.substr(digits);
  if (name.starts_with(' ')) name.remove_prefix(1);
  for (const Unit& unit : units) {
    uint64_t value = 0;
    if (unit.name == name && !__builtin_mul_overflow(*number, unit.factor, &value)) return value;
  }
  return std::nullopt;
}

/// `units` are sorted, the largest first; the last has factor 1.
std::string text_of(uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value < unit.factor || value % unit.factor != 0) continue;
    return std::to_string(value / unit.factor) + std::string(unit.name);
  }
  return '0' + std::string(units.back().name);
}

}  // namespace

std::optional<uint64_t> parse_duration_ms(std::string_view text) {
  return parse(text, kDurations);
}
std::string duration_text(uint64_t ms) {
  return text_of(ms, kDurations);
}
std::optional<uint64_t> parse_size(std::string_view text) {
  return parse(text, kSizes);
}
std::string size_text(uint64_t bytes) {
  return text_of(bytes, kSizes);
}

}  // namespace weir::base
