#include "http/field_id.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/chars.h"
#include "http/field_set.h"

namespace weir::http {
namespace {

struct Known {
  FieldId id;
  std::string_view name;
};
constexpr Known kKnown[] = {
    {FieldId::other, ""},
    {FieldId::accept, "Accept"},
    {FieldId::allow, "Allow"},
    {FieldId::authorization, "Authorization"},
    {FieldId::cache_control, "Cache-Control"},
    {FieldId::connection, "Connection"},
    {FieldId::content_length, "Content-Length"},
    {FieldId::content_range, "Content-Range"},
    {FieldId::content_security_policy, "Content-Security-Policy"},
    {FieldId::content_type, "Content-Type"},
    {FieldId::cookie, "Cookie"},
    {FieldId::date, "Date"},
    {FieldId::expect, "Expect"},
    {FieldId::forwarded, "Forwarded"},
    {FieldId::host, "Host"},
    {FieldId::http2_settings, "HTTP2-Settings"},
    {FieldId::keep_alive, "Keep-Alive"},
    {FieldId::location, "Location"},
    {FieldId::max_forwards, "Max-Forwards"},
    {FieldId::proxy_authenticate, "Proxy-Authenticate"},
    {FieldId::proxy_authentication_info, "Proxy-Authentication-Info"},
    {FieldId::proxy_authorization, "Proxy-Authorization"},
    {FieldId::proxy_connection, "Proxy-Connection"},
    {FieldId::proxy_status, "Proxy-Status"},
    {FieldId::proxy_support, "Proxy-Support"},
    {FieldId::referer, "Referer"},
    {FieldId::retry_after, "Retry-After"},
    {FieldId::sec_websocket_key, "Sec-WebSocket-Key"},
    {FieldId::server, "Server"},
    {FieldId::set_cookie, "Set-Cookie"},
    {FieldId::te, "TE"},
    {FieldId::trailer, "Trailer"},
    {FieldId::transfer_encoding, "Transfer-Encoding"},
    {FieldId::upgrade, "Upgrade"},
    {FieldId::user_agent, "User-Agent"},
    {FieldId::via, "Via"},
    {FieldId::www_authenticate, "WWW-Authenticate"},
    {FieldId::x_content_type_options, "X-Content-Type-Options"},
    {FieldId::x_forwarded_for, "X-Forwarded-For"},
    {FieldId::accept_encoding, "Accept-Encoding"},
    {FieldId::accept_ranges, "Accept-Ranges"},
    {FieldId::access_control_allow_credentials, "Access-Control-Allow-Credentials"},
    {FieldId::access_control_allow_origin, "Access-Control-Allow-Origin"},
    {FieldId::age, "Age"},
    {FieldId::alt_svc, "Alt-Svc"},
    {FieldId::authentication_info, "Authentication-Info"},
    {FieldId::cache_status, "Cache-Status"},
    {FieldId::cdn_cache_control, "CDN-Cache-Control"},
    {FieldId::clear_site_data, "Clear-Site-Data"},
    {FieldId::content_disposition, "Content-Disposition"},
    {FieldId::content_encoding, "Content-Encoding"},
    {FieldId::content_language, "Content-Language"},
    {FieldId::content_location, "Content-Location"},
    {FieldId::content_security_policy_report_only, "Content-Security-Policy-Report-Only"},
    {FieldId::dnt, "DNT"},
    {FieldId::etag, "ETag"},
    {FieldId::expires, "Expires"},
    {FieldId::if_match, "If-Match"},
    {FieldId::if_modified_since, "If-Modified-Since"},
    {FieldId::if_none_match, "If-None-Match"},
    {FieldId::if_range, "If-Range"},
    {FieldId::if_unmodified_since, "If-Unmodified-Since"},
    {FieldId::last_modified, "Last-Modified"},
    {FieldId::link, "Link"},
    {FieldId::nel, "NEL"},
    {FieldId::origin, "Origin"},
    {FieldId::ping_from, "Ping-From"},
    {FieldId::pragma, "Pragma"},
    {FieldId::priority, "Priority"},
    {FieldId::range, "Range"},
    {FieldId::refresh, "Refresh"},
    {FieldId::report_to, "Report-To"},
    {FieldId::reporting_endpoints, "Reporting-Endpoints"},
    {FieldId::sec_ch_ua, "Sec-CH-UA"},
    {FieldId::sec_fetch_dest, "Sec-Fetch-Dest"},
    {FieldId::sec_fetch_mode, "Sec-Fetch-Mode"},
    {FieldId::sec_fetch_site, "Sec-Fetch-Site"},
    {FieldId::sec_fetch_user, "Sec-Fetch-User"},
    {FieldId::sec_gpc, "Sec-GPC"},
    {FieldId::sec_purpose, "Sec-Purpose"},
    {FieldId::sec_websocket_accept, "Sec-WebSocket-Accept"},
    {FieldId::strict_transport_security, "Strict-Transport-Security"},
    {FieldId::upgrade_insecure_requests, "Upgrade-Insecure-Requests"},
    {FieldId::vary, "Vary"},
    {FieldId::warning, "Warning"},
    {FieldId::x_frame_options, "X-Frame-Options"},
};
static_assert(std::size(kKnown) == kFieldIds && kFieldIds <= FieldSet::kCapacity);
static_assert(
    [] {
      for (size_t at = 0; at < kFieldIds; ++at) {
        if (kKnown[at].id != static_cast<FieldId>(at)) return false;
      }
      return true;
    }(),
    "kKnown has each id once, in the order of FieldId.");

/// Most slots are empty, so that an unknown name usually costs one look.
constexpr unsigned kSlotBits = 10;
constexpr size_t kShortestName = 2;

/// The two letters at each end and the length tell the names apart. Setting bit 0x20 makes letters
/// lower case.
constexpr uint32_t key_of(std::string_view name) {
  const char* const text = name.data();
  const size_t size = name.size();
  const auto letter = [text](size_t at) { return uint32_t{static_cast<unsigned char>(text[at])}; };
  const uint32_t ends =
      letter(0) | letter(1) << 8 | letter(size - 2) << 16 | letter(size - 1) << 24;
  return (ends | 0x20202020) + static_cast<uint32_t>(size * 8);
}

constexpr size_t slot_of(uint32_t key, uint32_t multiplier) {
  return (key * multiplier) >> (32 - kSlotBits);
}

constexpr std::array<uint32_t, kFieldIds> kKeys = [] {
  std::array<uint32_t, kFieldIds> keys{};
  for (size_t id = 1; id < kFieldIds; ++id) keys[id] = key_of(kKnown[id].name);
  return keys;
}();
static_assert(
    [] {
      auto keys = kKeys;
      std::ranges::sort(keys);
      return std::ranges::adjacent_find(keys) == keys.end();
    }(),
    "Two names have the same key: key_of has to look at another letter.");

/// A multiplier that gives each name a slot of its own. If the compiler runs out of steps here, the
/// table needs one more bit in kSlotBits.
consteval uint32_t find_multiplier() {
  uint32_t taken_with[1 << kSlotBits] = {};
  for (uint32_t multiplier = 0x9e3779b1;; multiplier += 2) {
    size_t id = 1;
    for (; id < kFieldIds; ++id) {
      uint32_t& taken = taken_with[slot_of(kKeys[id], multiplier)];
      if (taken == multiplier) break;
      taken = multiplier;
    }
    if (id == kFieldIds) return multiplier;
  }
}
constexpr uint32_t kMultiplier = find_multiplier();

constexpr size_t kAllLetters = [] {
  size_t letters = 0;
  for (const Known& known : kKnown) letters += known.name.size();
  return letters;
}();

struct Table {
  struct Slot {
    /// Where the name begins in `letters`.
    uint16_t begin = 0;
    /// 0: no name has this slot.
    uint8_t size = 0;
    uint8_t id = 0;
  };
  /// The names one after another in lower case, so that they can be compared word by word.
  char letters[kAllLetters] = {};
  Slot slots[1 << kSlotBits];

  constexpr Table() {
    size_t end = 0;
    for (size_t id = 1; id < kFieldIds; ++id) {
      const std::string_view name = kKnown[id].name;
      slots[slot_of(kKeys[id], kMultiplier)] = {
          static_cast<uint16_t>(end), static_cast<uint8_t>(name.size()), static_cast<uint8_t>(id)};
      for (const char c : name) letters[end++] = base::lower(c);
    }
  }
};
constexpr Table kTable;

}  // namespace

FieldId field_id_of(std::string_view name) {
  if (name.size() < kShortestName) return FieldId::other;
  const Table::Slot& slot = kTable.slots[slot_of(key_of(name), kMultiplier)];
  if (slot.size != name.size() || !is_word(name, {kTable.letters + slot.begin, slot.size}))
    return FieldId::other;
  return static_cast<FieldId>(slot.id);
}

std::string_view name_of(FieldId id) {
  return kKnown[static_cast<size_t>(id)].name;
}

}  // namespace weir::http
