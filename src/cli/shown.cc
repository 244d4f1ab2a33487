#include "cli/shown.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace weir::cli {
namespace {

/// True if more bytes may make `text` begin with a character (RFC 3629, section 4).
bool may_become_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const size_t length = first < 0xC2   ? 1
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 1;
  return text.size() < length &&
         std::ranges::all_of(
             text.substr(1), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
}

bool is_control(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
  return character.size() == 2 && byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

/// Takes one character, or one byte that belongs to none, from the front of `text`.
void show_one(std::string& out, std::string_view& text) {
  const size_t length = base::utf8_length(text);
  const std::string_view piece = text.substr(0, std::max<size_t>(length, 1));
  if (length == 0 || is_control(piece)) {
    base::append_escaped_for_log(out, piece);
  } else {
    out += piece;
  }
  text.remove_prefix(piece.size());
}

}  // namespace

std::string Shown::add(std::string_view piece) {
  const std::string all = std::exchange(kept_, {}).append(piece);
  std::string out;
  for (std::string_view left = all; !left.empty();) {
    if (may_become_character(left)) {
      kept_ = left;
      break;
    }
    show_one(out, left);
  }
  return out;
}

std::string Shown::end() {
  const std::string all = std::exchange(kept_, {});
  std::string out;
  for (std::string_view left = all; !left.empty();) show_one(out, left);
  return out;
}

}  // namespace weir::cli
