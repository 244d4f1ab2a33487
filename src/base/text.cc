#include "base/text.h"

#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace weir::base {

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length == 3 && ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)))
    return 0;
  if (length == 4 && ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)))
    return 0;
  return length;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0 || (length == 1 && ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f))) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

namespace {

bool plain_in_log(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#ifdef __SSE2__
/// One bit for each of sixteen bytes that needs no escape.
unsigned plain_bytes(__m128i bytes) {
  // Bytes from 0x80 are below zero here.
  const __m128i printable = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)),
                                             _mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x1f)));
  const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(marks, printable)));
}
unsigned plain_bytes_at(const char* at) {
  return plain_bytes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

/// Whether none of the last bytes of `text` needs an escape: those behind `seen`, less than
/// sixteen. Looks at two pieces that overlap, so that nothing outside the text is read.
bool plain_to_the_end(std::string_view text, size_t seen) {
  const char* const end = text.data() + text.size();
  if (text.size() >= 16) return plain_bytes_at(end - 16) == 0xffff;
  if (text.size() - seen < 8) return false;
  const auto eight = [](const char* at) {
    return plain_bytes(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))) & 0xff;
  };
  return (eight(text.data()) & eight(end - 8)) == 0xff;
}
#endif

/// How many bytes at the beginning of `text` need no escape, as far as can be told at a glance; the
/// caller looks at the rest one by one.
size_t plain_part(std::string_view text) {
  size_t size = 0;
#ifdef __SSE2__
  for (; text.size() - size >= 16; size += 16) {
    if (plain_bytes_at(text.data() + size) != 0xffff) return size;
  }
  if (size < text.size() && plain_to_the_end(text, size)) return text.size();
#endif
  return size;
}

}  // namespace

char* put_escaped_for_log(char* to, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const size_t plain = plain_part(text);
  if (plain > 0) std::memcpy(to, text.data(), plain);
  to += plain;
  for (const char c : text.substr(plain)) {
    if (plain_in_log(c)) {
      *to++ = c;
    } else if (c == '"' || c == '\\') {
      *to++ = '\\';
      *to++ = c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      *to++ = '\\';
      *to++ = 'x';
      *to++ = kHex[byte >> 4];
      *to++ = kHex[byte & 15];
    }
  }
  return to;
}

void append_escaped_for_log(std::string& out, std::string_view text) {
  const size_t before = out.size();
  out.resize_and_overwrite(before + 4 * text.size(), [&](char* data, size_t) {
    return static_cast<size_t>(put_escaped_for_log(data + before, text) - data);
  });
}

std::string_view value_in(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(name) && line.substr(name.size()).starts_with('='))
      return line.substr(name.size() + 1);
  }
  return {};
}

}  // namespace weir::base
