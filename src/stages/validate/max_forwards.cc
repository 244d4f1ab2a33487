#include "stages/validate/max_forwards.h"

#include <charconv>

#include "base/text.h"

namespace weir::validate {

using base::ErrorType;
using http::FieldId;
using http::Method;

namespace {

http::Response final_recipient(const http::RequestHead& head) {
  if (head.method == Method::options) {
    http::Response response;
    response.head = http::ResponseHead::make(200);
    response.head->fields.add(FieldId::date, http::date_now());
    response.head->fields.add(FieldId::allow,
                              "GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, CONNECT");
    return response;
  }
  std::string seen(head.method_token);
  seen.append(" ").append(head.raw_target).append(" ").append(text_of(head.version)).append("\r\n");
  for (const http::Field& field : head.fields.all()) {
    // A script must not learn these values by asking for an echo.
    if (field.id == FieldId::authorization || field.id == FieldId::cookie ||
        field.id == FieldId::proxy_authorization)
      continue;
    seen.append(field.name()).append(": ").append(field.value()).append("\r\n");
  }
  return http::text_response(200, "message/http", seen + "\r\n");
}

}  // namespace

async::Task<base::Result<http::Response>> MaxForwards::handle(http::Request& request,
                                                              http::Next next) const {
  http::RequestHead& head = *request.head;
  if (head.method != Method::trace && head.method != Method::options) return next(request);
  if (head.method == Method::trace && request.body) {
    return http::fail_with(
        base::Error(ErrorType::http_request_error, "A TRACE request has no content."));
  }
  const http::Field* field = head.fields.find(FieldId::max_forwards);
  if (!field) return next(request);
  const auto forwards = base::parse_decimal<uint32_t>(field->value());
  if (!forwards || head.fields.count(FieldId::max_forwards) > 1) {
    return http::fail_with(
        base::Error(ErrorType::http_request_error, "Max-Forwards is not a number."));
  }
  if (*forwards == 0) return http::answer(final_recipient(head));
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, *forwards - 1).ptr;
  head.fields.set(FieldId::max_forwards, {digits, static_cast<size_t>(end - digits)});
  return next(request);
}

}  // namespace weir::validate
