#include "stages/validate/trace.h"

namespace weir::validate {

using http::FieldId;

http::Response final_recipient(const http::RequestHead& head) {
  if (head.method == http::Method::options) {
    http::Response response;
    response.head = http::ResponseHead::make(200);
    response.head->fields.add("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, CONNECT");
    return response;
  }
  std::string seen = std::string(head.method_token).append(" ").append(head.raw_target) + " HTTP/1." + std::to_string(head.minor_version) + "\r\n";
  for (const http::Field& field : head.fields.all()) {
    // What a script must not learn by asking for an echo.
    if (field.id == FieldId::authorization || field.id == FieldId::cookie || field.id == FieldId::proxy_authorization) continue;
    seen.append(field.name()).append(": ").append(field.value()).append("\r\n");
  }
  return http::text_response(200, "message/http", seen + "\r\n");
}

}  // namespace weir::validate
