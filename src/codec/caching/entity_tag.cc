#include "codec/caching/entity_tag.h"

#include "base/text.h"
#include "http/chars.h"

namespace weir::caching {
namespace {

/// etagc: any byte of a field but controls, a space and a quote.
bool is_tag_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != '"' && byte != 0x7f;
}

/// Takes a tag off the beginning of the text.
std::optional<EntityTag> take(std::string_view& from) {
  EntityTag tag;
  std::string_view rest = from;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  size_t at = 1;
  while (at < rest.size() && is_tag_byte(rest[at])) ++at;
  if (at == rest.size() || rest[at] != '"') return std::nullopt;
  tag.opaque = rest.substr(0, at + 1);
  from = rest.substr(at + 1);
  return tag;
}

void skip_blanks(std::string_view& from) {
  while (!from.empty() && http::is_blank(from.front())) from.remove_prefix(1);
}

}  // namespace

std::optional<EntityTag> parse_entity_tag(std::string_view text) {
  std::string_view rest = base::trim(text);
  const auto tag = take(rest);
  return rest.empty() ? tag : std::nullopt;
}

std::optional<EntityTag> take_entity_tag(std::string_view& list) {
  while (!list.empty() && (http::is_blank(list.front()) || list.front() == ','))
    list.remove_prefix(1);
  const auto tag = take(list);
  skip_blanks(list);
  if (!tag || (!list.empty() && list.front() != ',')) {
    list = {};
    return std::nullopt;
  }
  return tag;
}

}  // namespace weir::caching
