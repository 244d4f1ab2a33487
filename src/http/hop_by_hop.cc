#include "http/hop_by_hop.h"

#include "base/text.h"
#include "http/chars.h"

namespace weir::http {
namespace {

using base::equal_ignoring_case;

constexpr FieldSet kRead{FieldId::connection, FieldId::upgrade, FieldId::te};
constexpr FieldSet kRemoved{
    FieldId::connection,        FieldId::keep_alive, FieldId::proxy_connection, FieldId::te,
    FieldId::transfer_encoding, FieldId::upgrade,    FieldId::http2_settings};
static_assert(kRemoved.contains(kRead));

/// Fields that Connection must not remove: RFC 9110 and 9111 define them for both ends, or for
/// caches on the way.
constexpr FieldSet kKept{
    FieldId::accept_encoding,
    FieldId::accept_ranges,
    FieldId::access_control_allow_origin,
    FieldId::age,
    FieldId::authorization,
    FieldId::cache_control,
    FieldId::content_encoding,
    FieldId::content_language,
    FieldId::content_length,
    FieldId::content_location,
    FieldId::content_range,
    FieldId::content_security_policy,
    FieldId::content_type,
    FieldId::cookie,
    FieldId::date,
    FieldId::etag,
    FieldId::expect,
    FieldId::expires,
    FieldId::forwarded,
    FieldId::host,
    FieldId::if_match,
    FieldId::if_modified_since,
    FieldId::if_none_match,
    FieldId::if_range,
    FieldId::if_unmodified_since,
    FieldId::last_modified,
    FieldId::location,
    FieldId::max_forwards,
    FieldId::origin,
    FieldId::pragma,
    FieldId::proxy_authenticate,
    FieldId::proxy_authentication_info,
    FieldId::proxy_authorization,
    FieldId::proxy_status,
    FieldId::range,
    FieldId::sec_websocket_key,
    FieldId::set_cookie,
    FieldId::strict_transport_security,
    FieldId::trailer,
    FieldId::vary,
    FieldId::via,
    FieldId::www_authenticate,
    FieldId::x_content_type_options,
    FieldId::x_forwarded_for,
    FieldId::x_frame_options,
};

/// Options of Connection that name no further field to remove: the field stays, or is removed
/// anyway.
constexpr FieldSet kNotNamed = [] {
  FieldSet ids = kKept;
  ids.unite(kRemoved);
  return ids;
}();

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
    else if (named.has(option) || kNotNamed.has(field_id_of(option)))
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
