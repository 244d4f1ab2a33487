#include "http/hop_by_hop.h"

#include "base/text.h"
#include "http/chars.h"

namespace weir::http {
namespace {

using base::equal_ignoring_case;

/// Names without an id that Connection must not remove: RFC 9110 and 9111 define them for both
/// ends, or for caches on the way.
constexpr std::string_view kKept[] = {
    "Age",
    "Accept-Encoding",
    "Accept-Ranges",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "ETag",
    "Expires",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Last-Modified",
    "Origin",
    "Pragma",
    "Range",
    "Vary",
    "Strict-Transport-Security",
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Access-Control-Allow-Origin",
};

constexpr bool is_kept(FieldId id, std::string_view name) {
  switch (id) {
    case FieldId::other:
      for (const std::string_view kept : kKept) {
        if (equal_ignoring_case(kept, name)) return true;
      }
      return false;
    // Hop-by-hop fields need no entry here: the fixed list removes them anyway.
    case FieldId::accept:
    case FieldId::referer:
    case FieldId::server:
    case FieldId::user_agent:
    case FieldId::proxy_support: return false;
    default: return true;
  }
}

/// The fields that Connection names, without options that have no field and fields that are removed
/// anyway.
class Named {
 public:
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == kMostNamedFields; }
  void add(std::string_view name) {
    data_[size_] = name.data();
    sizes_[size_++] = name.size();
  }
  bool has(std::string_view name) const {
    for (size_t i = 0; i < size_; ++i) {
      if (equal_ignoring_case({data_[i], sizes_[i]}, name)) return true;
    }
    return false;
  }

 private:
  // Only the first size_ elements of each are set: few messages name any, so the rest stays
  // uninitialized.
  const char* data_[kMostNamedFields];
  size_t sizes_[kMostNamedFields];
  size_t size_ = 0;
};

void read_connection(std::string_view list, HopByHop& seen, Named& named) {
  while (!list.empty()) {
    const std::string_view option = take_list_element(list);
    if (option.empty()) continue;
    if (is_word(option, "close"))
      seen.close = true;
    else if (is_word(option, "keep-alive"))
      seen.keep_alive = true;
    else if (is_word(option, "upgrade"))
      seen.upgrade_listed = true;
    else if (is_word(option, "te") || is_word(option, "proxy-connection"))
      continue;
    else if (named.has(option) || is_kept(field_id_of(option), option))
      continue;
    else if (named.full())
      seen.excessive = true;
    else
      named.add(option);
    if (seen.excessive) return;
  }
}

bool lists(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    if (is_word(take_list_element(list), wanted)) return true;
  }
  return false;
}

constexpr FieldSet kRead{FieldId::connection, FieldId::upgrade, FieldId::te};
constexpr FieldSet kRemoved{
    FieldId::connection,        FieldId::keep_alive, FieldId::proxy_connection, FieldId::te,
    FieldId::transfer_encoding, FieldId::upgrade,    FieldId::http2_settings};
static_assert(kRemoved.contains(kRead));

}  // namespace

HopByHop remove_hop_by_hop(Fields& fields, HopByHopRules rules) {
  HopByHop seen;
  Named named;
  bool websocket = false;
  FieldSet removed = kRemoved;
  if (rules.proxy_authorization) removed.add(FieldId::proxy_authorization);
  if (rules.proxy_authenticate) removed.add(FieldId::proxy_authenticate);
  if (rules.proxy_authentication_info) removed.add(FieldId::proxy_authentication_info);
  if (!fields.may_have_any(removed)) return seen;
  for (const Field& field : fields.all()) {
    if (!kRead.has(field.id)) continue;
    if (field.id == FieldId::connection)
      read_connection(field.value(), seen, named);
    else if (field.id == FieldId::upgrade)
      websocket = websocket || lists(field.value(), "websocket");
    else
      seen.te_trailers = seen.te_trailers || lists(field.value(), "trailers");
  }
  seen.websocket = websocket && seen.upgrade_listed;
  fields.remove_if([&](const Field& field) {
    return removed.has(field.id) || (!named.empty() && named.has(field.name()));
  });
  return seen;
}

}  // namespace weir::http
