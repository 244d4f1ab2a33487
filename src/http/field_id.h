// The header fields that Weir itself reads or writes. All others pass through by name.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::http {

enum class FieldId : uint16_t {
  other,
  accept,
  authorization,
  connection,
  content_length,
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
  cache_control,
  content_range,
  x_forwarded_for,
};

/// Names compare without regard to case (RFC 9110, 5.1). `name` is a token: it holds no control
/// characters.
FieldId field_id_of(std::string_view name);
/// The name as Weir writes it, in the RFCs' spelling; empty for `other`.
std::string_view name_of(FieldId id);

}  // namespace weir::http
