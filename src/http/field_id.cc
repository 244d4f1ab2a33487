#include "http/field_id.h"

#include <array>

#include "base/text.h"
#include "http/chars.h"
#include "http/field_set.h"

namespace weir::http {
namespace {

constexpr std::array<std::string_view, 35> kNames{"",
                                                  "Accept",
                                                  "Authorization",
                                                  "Connection",
                                                  "Content-Length",
                                                  "Content-Type",
                                                  "Cookie",
                                                  "Date",
                                                  "Expect",
                                                  "Forwarded",
                                                  "Host",
                                                  "HTTP2-Settings",
                                                  "Keep-Alive",
                                                  "Location",
                                                  "Max-Forwards",
                                                  "Proxy-Authenticate",
                                                  "Proxy-Authentication-Info",
                                                  "Proxy-Authorization",
                                                  "Proxy-Connection",
                                                  "Proxy-Status",
                                                  "Proxy-Support",
                                                  "Referer",
                                                  "Sec-WebSocket-Key",
                                                  "Server",
                                                  "Set-Cookie",
                                                  "TE",
                                                  "Trailer",
                                                  "Transfer-Encoding",
                                                  "Upgrade",
                                                  "User-Agent",
                                                  "Via",
                                                  "WWW-Authenticate",
                                                  "Cache-Control",
                                                  "Content-Range",
                                                  "X-Forwarded-For"};
static_assert(kNames.size() <= FieldSet::kCapacity);
static_assert(kNames.size() == static_cast<size_t>(FieldId::x_forwarded_for) + 1);

/// Length, first and last letter tell most names apart, so that a lookup costs one slot and one
/// comparison. Setting bit 0x20 makes both letters lower case.
constexpr size_t slot_of(std::string_view name) {
  const auto first = static_cast<unsigned char>(name.front() | 0x20);
  const auto last = static_cast<unsigned char>(name.back() | 0x20);
  return (name.size() * 7 + first * size_t{31} + last * size_t{5}) & 255;
}

constexpr size_t kLongestName = 31;
/// A name in lower case, so that names can be compared word by word.
struct SmallName {
  uint8_t size = 0;
  char text[kLongestName] = {};
};

struct Table {
  static constexpr size_t kWays = 2;
  SmallName names[kNames.size()];
  uint8_t slots[256][kWays] = {};

  constexpr Table() {
    for (size_t id = 1; id < kNames.size(); ++id) {
      const std::string_view name = kNames[id];
      names[id].size = static_cast<uint8_t>(name.size());
      for (size_t i = 0; i < name.size(); ++i) names[id].text[i] = base::lower(name[i]);
      auto& slot = slots[slot_of(name)];
      size_t way = 0;
      while (slot[way] != 0) ++way;  // A third name in one slot is an error at compile time.
      slot[way] = static_cast<uint8_t>(id);
    }
  }
};
constexpr Table kTable;

}  // namespace

FieldId field_id_of(std::string_view name) {
  if (name.empty()) return FieldId::other;
  for (const uint8_t id : kTable.slots[slot_of(name)]) {
    const SmallName& known = kTable.names[id];
    if (known.size == name.size() && is_word(name, {known.text, known.size}))
      return static_cast<FieldId>(id);
  }
  return FieldId::other;
}

std::string_view name_of(FieldId id) {
  return kNames[static_cast<size_t>(id)];
}

}  // namespace weir::http
