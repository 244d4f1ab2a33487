// The bytes that HTTP's words are made of (RFC 9110, 5.5 and 5.6.2), and the scan that finds where they stop.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
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

/// Takes the next element off a comma-separated list (RFC 9110, 5.6.1), without the blanks around it; it may be empty.
/// Quoted strings are not looked into: for lists of tokens.
std::string_view take_list_element(std::string_view& list);

}  // namespace weir::http
