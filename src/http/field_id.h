// The header fields that Weir knows by a number. All others pass through by name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http {

/// First the fields that Weir reads or writes in forwarded messages: a FieldSet without ids above
/// 63 is the cheapest one. Then those that only rare rules ask about, and those that caching,
/// filtering and privacy are about. An id costs nothing where nobody asks about it.
enum class FieldId : uint16_t {
  other,
  accept,
  allow,
  authorization,
  cache_control,
  connection,
  content_length,
  content_range,
  content_security_policy,
  content_type,
  cookie,
  date,
  expect,
  forwarded,
  host,
  http2_settings,
  keep_alive,
  location,
  max_forwards,
  proxy_authenticate,
  proxy_authentication_info,
  proxy_authorization,
  proxy_connection,
  proxy_status,
  proxy_support,
  referer,
  retry_after,
  sec_websocket_key,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  via,
  www_authenticate,
  x_content_type_options,
  x_forwarded_for,

  accept_encoding,
  accept_ranges,
  access_control_allow_credentials,
  access_control_allow_origin,
  age,
  alt_svc,
  authentication_info,
  cache_status,
  cdn_cache_control,
  clear_site_data,
  content_disposition,
  content_encoding,
  content_language,
  content_location,
  content_security_policy_report_only,
  dnt,
  etag,
  expires,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  last_modified,
  link,
  nel,
  origin,
  ping_from,
  pragma,
  priority,
  range,
  refresh,
  report_to,
  reporting_endpoints,
  sec_ch_ua,
  sec_fetch_dest,
  sec_fetch_mode,
  sec_fetch_site,
  sec_fetch_user,
  sec_gpc,
  sec_purpose,
  sec_websocket_accept,
  strict_transport_security,
  upgrade_insecure_requests,
  vary,
  warning,
  x_frame_options,
};
inline constexpr size_t kFieldIds = static_cast<size_t>(FieldId::x_frame_options) + 1;

/// Names compare without regard to case (RFC 9110, 5.1). `name` is a token: it holds no control
/// characters.
FieldId field_id_of(std::string_view name);
/// The name as Weir writes it, in the RFCs' spelling; empty for `other`.
std::string_view name_of(FieldId id);

}  // namespace weir::http
