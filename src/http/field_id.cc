#include "http/field_id.h"

#include <array>

#include "base/text.h"
#include "http/chars.h"

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
static_assert(kNames.size() == static_cast<size_t>(FieldId::x_forwarded_for) + 1);

/// Length, first and last letter tell most names apart: a look at one slot, and one comparison.
constexpr size_t slot_of(std::string_view name) {
  return (name.size() * 7 + static_cast<size_t>(base::lower(name.front())) * 31 + static_cast<size_t>(base::lower(name.back())) * 5) & 255;
}

struct Slots {
  static constexpr size_t kWays = 2;
  std::array<std::array<uint8_t, kWays>, 256> ids{};

  constexpr Slots() {
    for (size_t id = 1; id < kNames.size(); ++id) {
      auto& slot = ids[slot_of(kNames[id])];
      size_t way = 0;
      while (slot[way] != 0) ++way;  // A third name in one slot is an error at compile time.
      slot[way] = static_cast<uint8_t>(id);
    }
  }
};
constexpr Slots kSlots;

/// The names in small letters, padded so that they can be compared by words.
constexpr size_t kLongestName = 32;
struct SmallNames {
  std::array<std::array<char, kLongestName>, kNames.size()> text{};
  constexpr SmallNames() {
    for (size_t id = 0; id < kNames.size(); ++id) {
      for (size_t i = 0; i < kNames[id].size(); ++i) text[id][i] = base::lower(kNames[id].at(i));
    }
  }
};
constexpr SmallNames kSmallNames;

}  // namespace

FieldId field_id_of(std::string_view name) {
  if (name.empty()) return FieldId::other;
  for (const uint8_t id : kSlots.ids[slot_of(name)]) {
    if (id != 0 && is_word(name, {kSmallNames.text[id].data(), kNames[id].size()})) return static_cast<FieldId>(id);
  }
  return FieldId::other;
}

std::string_view name_of(FieldId id) { return kNames[static_cast<size_t>(id)]; }

}  // namespace weir::http
