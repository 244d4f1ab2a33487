// Writes small pieces of a line into memory that the caller has reserved. For the journal's own
// sources only.
#pragma once
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ip.h"

namespace weir::journal {

inline char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}
inline char* put(char* at, uint64_t number) {
  return std::to_chars(at, at + 24, number).ptr;
}
inline char* put(char* at, const base::IpAddress& address) {
  if (!address.is_v4()) return put(at, address.text());
  const auto& bytes = address.bytes();
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = put(at, uint64_t{bytes[i]});
  }
  return at;
}
inline char* put(char* at, const base::Endpoint& endpoint) {
  const bool brackets = !endpoint.address.is_v4();
  if (brackets) *at++ = '[';
  at = put(at, endpoint.address);
  if (brackets) *at++ = ']';
  *at++ = ':';
  return put(at, uint64_t{endpoint.port});
}
/// Writes exactly `digits` digits, with leading zeros.
inline char* put_padded(char* at, uint64_t number, int digits) {
  for (int i = digits; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
  return at + digits;
}
inline char* put_status(char* at, int status) {
  return status == 0 ? put(at, "000") : put(at, static_cast<uint64_t>(status));
}

}  // namespace weir::journal
