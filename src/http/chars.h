// The bytes that HTTP's words are made of (RFC 9110, 5.5 and 5.6.2), and the scan that finds where they stop.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::http {

/// tchar (RFC 9110, 5.6.2): what methods, field names and codings are made of.
inline constexpr std::array<bool, 256> kTokenByte = [] {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 32)] = true;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr bool is_token_byte(char c) { return kTokenByte[static_cast<unsigned char>(c)]; }
constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_byte(c)) return false;
  }
  return !text.empty();
}
/// A byte that no field value may hold: 0x00-0x1f without HTAB, and 0x7f. Bytes from 0x80 (obs-text) are fine.
constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// The first control in [at, end), or end.
inline const char* find_control(const char* at, const char* end) {
#ifdef __SSE2__
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i stops = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')), low),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    if (const int mask = _mm_movemask_epi8(stops)) return at + std::countr_zero(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  while (at < end && !is_control(*at)) ++at;
  return at;
}

/// The first byte in [at, end) that no request target may hold, or end: controls, space, '#' and 0x7f.
inline const char* find_target_end(const char* at, const char* end) {
#ifdef __SSE2__
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x20)), bytes);
    const __m128i stops = _mm_or_si128(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'))),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    if (const int mask = _mm_movemask_epi8(stops)) return at + std::countr_zero(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  while (at < end && static_cast<unsigned char>(*at) > 0x20 && *at != '#' && *at != 0x7f) ++at;
  return at;
}

/// The first byte in [at, end) that is not a tchar, or end.
inline const char* find_token_end(const char* at, const char* end) {
#ifdef __SSE2__
  // Letters and '-' alone are looked at sixteen at a time: that is most names. The table has the last word.
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i fine = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(fine)) ^ 0xffffU;
    if (mask != 0) {
      at += std::countr_zero(mask);
      break;
    }
    at += 16;
  }
#endif
  while (at < end && is_token_byte(*at)) ++at;
  return at;
}

/// `text` is `word`, without case. `word` is of small letters, digits and '-' alone, and `text` holds no controls.
inline bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  // One bit apart are only the two cases of a letter, and digits and '-' from controls.
  const char* a = text.data();
  const char* b = word.data();
  size_t left = text.size();
  uint64_t differ = 0;
  for (; left >= 8; a += 8, b += 8, left -= 8) {
    uint64_t x, y;
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    differ |= (x | 0x2020202020202020U) ^ y;
  }
  for (; left > 0; ++a, ++b, --left) differ |= static_cast<unsigned char>(*a | 0x20) ^ static_cast<unsigned char>(*b);
  return differ == 0;
}

/// Takes the next element off a comma-separated list (RFC 9110, 5.6.1), without the blanks around it; it may be empty.
/// Quoted strings are not looked into: for lists of tokens.
inline std::string_view take_list_element(std::string_view& list) {
  const char* at = list.data();
  const char* const end = at + list.size();
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (at < end && blank(*at)) ++at;
  const char* comma = at;
  while (comma < end && *comma != ',') ++comma;
  list = comma == end ? std::string_view() : std::string_view(comma + 1, static_cast<size_t>(end - comma - 1));
  while (comma > at && blank(comma[-1])) --comma;
  return {at, static_cast<size_t>(comma - at)};
}

}  // namespace weir::http
