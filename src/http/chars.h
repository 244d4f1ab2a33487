// Byte classes of HTTP's grammar (RFC 9110, 5.5 and 5.6.2), and scans for the first byte that is
// not in a class.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::http {

/// tchar (RFC 9110, 5.6.2): the bytes of methods, field names and codings.
inline constexpr std::array<bool, 256> kTokenByte = [] {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c)
    table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 32)] = true;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr bool is_token_byte(char c) {
  return kTokenByte[static_cast<unsigned char>(c)];
}
constexpr bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_byte(c)) return false;
  }
  return !text.empty();
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
/// A byte that no field value may hold: 0x00-0x1f except HTAB, and 0x7f. Bytes from 0x80 on
/// (obs-text) are allowed.
constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

#ifdef __SSE2__
/// The first byte in [at, end) that `stops` marks, or end. `stops` maps sixteen bytes to a bit
/// mask. Needs at least sixteen bytes: the last block overlaps the one before.
template <class Stops>
inline const char* find_in_blocks(const char* at, const char* end, Stops stops) {
  while (true) {
    const unsigned mask = stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 16;
    if (end - at < 16) {
      if (at == end) return end;
      at = end - 16;
    }
  }
}
inline __m128i bytes_up_to(__m128i bytes, char most) {
  return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
}
inline __m128i bytes_equal(__m128i bytes, char byte) {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
}
inline unsigned mask_of(__m128i bytes) {
  return static_cast<unsigned>(_mm_movemask_epi8(bytes));
}
#endif

/// The first control character in [at, end), or end.
inline const char* find_control(const char* at, const char* end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    return find_in_blocks(at, end, [](__m128i bytes) {
      return mask_of(
          _mm_or_si128(_mm_andnot_si128(bytes_equal(bytes, '\t'), bytes_up_to(bytes, 0x1f)),
                       bytes_equal(bytes, 0x7f)));
    });
  }
#endif
  while (at < end && !is_control(*at)) ++at;
  return at;
}

/// The first byte in [at, end) that no request target may hold, or end: controls, space, '#' and
/// 0x7f.
inline const char* find_target_end(const char* at, const char* end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    return find_in_blocks(at, end, [](__m128i bytes) {
      return mask_of(_mm_or_si128(_mm_or_si128(bytes_up_to(bytes, 0x20), bytes_equal(bytes, '#')),
                                  bytes_equal(bytes, 0x7f)));
    });
  }
#endif
  while (at < end && static_cast<unsigned char>(*at) > 0x20 && *at != '#' && *at != 0x7f) ++at;
  return at;
}

/// Like find_target_end, but also stops at '@': a name and a password may stand before one.
inline const char* find_plain_target_end(const char* at, const char* end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    return find_in_blocks(at, end, [](__m128i bytes) {
      const __m128i marks = _mm_or_si128(bytes_equal(bytes, '#'), bytes_equal(bytes, '@'));
      return mask_of(
          _mm_or_si128(_mm_or_si128(bytes_up_to(bytes, 0x20), marks), bytes_equal(bytes, 0x7f)));
    });
  }
#endif
  while (at < end && static_cast<unsigned char>(*at) > 0x20 && *at != '#' && *at != '@' &&
         *at != 0x7f)
    ++at;
  return at;
}

/// The first '/' or '?' in [at, end), or end: there the authority of a URL ends.
inline const char* find_authority_end(const char* at, const char* end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    return find_in_blocks(at, end, [](__m128i bytes) {
      return mask_of(_mm_or_si128(bytes_equal(bytes, '/'), bytes_equal(bytes, '?')));
    });
  }
#endif
  while (at < end && *at != '/' && *at != '?') ++at;
  return at;
}

/// The first byte in [at, end) that is not a tchar, or end.
inline const char* find_token_end(const char* at, const char* end) {
#ifdef __SSE2__
  // The fast path accepts only letters and '-', sixteen at a time: that is enough for most names.
  // The table below decides about all other bytes.
  if (end - at >= 16) {
    at = find_in_blocks(at, end, [](__m128i bytes) {
      const __m128i letters =
          _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
      return mask_of(_mm_or_si128(bytes_up_to(letters, 25), bytes_equal(bytes, '-'))) ^ 0xffffU;
    });
  }
#endif
  while (at < end && is_token_byte(*at)) ++at;
  return at;
}

/// Whether `text` equals `word`, ignoring case. `word` may hold only lower-case letters and bytes
/// from 0x21 to 0x3f (digits, '-', '/', ':'), and `text` no control characters: then the only bytes
/// that differ in bit 0x20 alone are the two cases of a letter.
inline bool is_word(std::string_view text, std::string_view word) {
  const size_t size = word.size();
  if (text.size() != size) return false;
  const char* const a = text.data();
  const char* const b = word.data();
  const auto differ = [&](auto first, size_t at) {
    auto second = first;
    std::memcpy(&first, a + at, sizeof first);
    std::memcpy(&second, b + at, sizeof second);
    return (first | static_cast<decltype(first)>(0x2020202020202020U)) ^ second;
  };
  if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8) {
      if (differ(uint64_t{}, at)) return false;
    }
    return differ(uint64_t{}, size - 8) == 0;
  }
  if (size >= 4) return (differ(uint32_t{}, 0) | differ(uint32_t{}, size - 4)) == 0;
  for (size_t i = 0; i < size; ++i) {
    if ((a[i] | 0x20) != b[i]) return false;
  }
  return true;
}

/// Takes the next element off a comma-separated list (RFC 9110, 5.6.1), without the blanks around
/// it; it may be empty. For lists of tokens only: a comma in a quoted string also separates.
inline std::string_view take_list_element(std::string_view& list) {
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at < end && is_blank(*at)) ++at;
  const char* comma = at;
  while (comma < end && *comma != ',') ++comma;
  list = comma == end ? std::string_view()
                      : std::string_view(comma + 1, static_cast<size_t>(end - comma - 1));
  while (comma > at && is_blank(comma[-1])) --comma;
  return {at, static_cast<size_t>(comma - at)};
}

}  // namespace weir::http
