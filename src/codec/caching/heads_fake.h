// Heads for tests, from their lines.
#pragma once
#include <initializer_list>
#include <string>
#include <utility>

#include "http/date.h"
#include "http/head.h"

namespace weir::caching {

using Lines = std::initializer_list<std::pair<const char*, std::string>>;
/// 2026-12-01, in the tests that need a time.
inline constexpr int64_t kNow = 1'796'083'200;

inline std::string date(int64_t seconds) {
  return std::string(http::WrittenDate(seconds).view());
}

inline base::Ref<http::ResponseHead> response(Lines lines, int status = 200) {
  auto head = http::ResponseHead::make(status);
  for (const auto& [name, value] : lines) head->fields.add(name, value);
  return head;
}

}  // namespace weir::caching
