#include "stages/errors/substitute.h"

#include <string_view>

#include "http/page.h"
#include "policy/request_kind.h"

namespace weir::errors {
namespace {

using http::FieldId;
using policy::ContentKind;

/// One transparent pixel (GIF89a).
constexpr std::string_view kPixel(
    "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c"
    "\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01\x44\x00\x3b",
    43);

http::Response empty(std::string_view type, std::string_view content) {
  return http::text_response(200, type, std::string(content));
}

}  // namespace

std::optional<http::Response> substitute_for(const http::Request& request) {
  const http::RequestHead& head = *request.head;
  const bool reads = head.method == http::Method::get || head.method == http::Method::head;
  const auto kind = policy::kinds_of(head, request.upgrade == http::Upgrade::websocket).only();
  if (!kind || (!reads && *kind != ContentKind::ping)) return std::nullopt;
  std::optional<http::Response> made;
  switch (*kind) {
    case ContentKind::image: made = empty("image/gif", kPixel); break;
    case ContentKind::script: made = empty("text/javascript; charset=utf-8", ""); break;
    case ContentKind::style: made = empty("text/css; charset=utf-8", ""); break;
    case ContentKind::ping:
      made.emplace();
      made->head = http::ResponseHead::make(204);
      made->head->fields.add(FieldId::cache_control, "no-store");
      break;
    default: return std::nullopt;
  }
  // Without these a page of another site, or one that asks for CORS, would get an error instead.
  made->head->fields.add("Cross-Origin-Resource-Policy", "cross-origin");
  if (head.fields.has(FieldId::origin))
    made->head->fields.add(FieldId::access_control_allow_origin, "*");
  return made;
}

}  // namespace weir::errors
