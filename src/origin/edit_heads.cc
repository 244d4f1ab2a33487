#include "origin/edit_heads.h"

#include <charconv>

#include "base/text.h"

namespace weir::origin {

using base::ErrorType;
using http::FieldId;

namespace {

bool names_connection_scheme(std::string_view value) {
  const std::string_view scheme = value.substr(0, value.find_first_of(" \t,"));
  return base::equal_ignoring_case(scheme, "NTLM") ||
         base::equal_ignoring_case(scheme, "Negotiate");
}

/// How the content is framed on an HTTP/1 connection to the origin.
void frame_content(http::OutgoingHead& head, const http::Request& request, EditSpace& space) {
  const auto length = request.body ? request.body->known_length() : std::optional<uint64_t>(0);
  if (!length) head.add(FieldId::transfer_encoding, "chunked");
  if (!request.head->fields.has(FieldId::content_length)) return;
  if (!length) return head.leave_out(FieldId::content_length);
  // The value as we parsed it, in canonical digits.
  const auto end = std::to_chars(space.digits, space.digits + sizeof space.digits, *length).ptr;
  head.replace(FieldId::content_length, {space.digits, static_cast<size_t>(end - space.digits)});
}

}  // namespace

bool any_connection_scheme(const http::Fields& fields, FieldId id) {
  if (!fields.may_have(id)) return false;
  for (const http::Field& field : fields.all()) {
    if (field.id != id) continue;
    if (names_connection_scheme(field.value())) return true;
    // Several challenges may share a line.
    if (id == FieldId::www_authenticate) {
      std::string_view rest = field.value();
      for (size_t comma; (comma = rest.find(',')) != std::string_view::npos;) {
        rest = base::trim(rest.substr(comma + 1));
        if (names_connection_scheme(rest)) return true;
      }
    }
  }
  return false;
}

http::OutgoingHead head_for_origin(const http::Request& request, const ViaName& via,
                                   EditSpace& space) {
  http::OutgoingHead head(*request.head);
  head.leave_out(FieldId::proxy_authorization);
  head.leave_out(FieldId::transfer_encoding);
  head.replace(FieldId::host, request.head->target.written_authority);
  frame_content(head, request, space);
  head.add(FieldId::via, via.text(request.head->version));
  if (request.upgrade == http::Upgrade::websocket) {
    head.add(FieldId::connection, "Upgrade");
    head.add(FieldId::upgrade, "websocket");
  } else if (request.te_trailers) {
    // RFC 9110, 10.1.4. Not together with an upgrade: some servers recognise `Connection: Upgrade`
    // only as the whole value.
    head.add(FieldId::te, "trailers");
    head.add(FieldId::connection, "TE");
  }
  // The connection belongs to this client alone, and each end of the tunnel sees when the other
  // ends. So the client's wish to close is passed on.
  if (request.pins && request.pins->way_back && request.pins->client_closes &&
      request.upgrade == http::Upgrade::none)
    head.add(FieldId::connection, "close");
  return head;
}

base::Result<http::HopByHop> edit_for_client(http::ResponseHead& head, const ViaName& via,
                                             std::string_view origin) {
  http::Fields& fields = head.fields;
  const http::HopByHop hop = http::remove_hop_by_hop(fields);
  if (hop.excessive)
    return base::fail(ErrorType::http_protocol_error,
                      std::string(origin) + " named too many fields in Connection.");
  fields.add_in_place(name_of(FieldId::via), via.text(head.version), FieldId::via);
  // A proxy that forwards a response without Date adds one (RFC 9110, section 6.6.1).
  if (!fields.has(FieldId::date)) fields.add(FieldId::date, http::date_now());
  if (head.status != 101) return hop;
  if (!hop.websocket)
    return base::fail(ErrorType::http_upgrade_failed,
                      std::string(origin) + " changed to a protocol that was not asked for.");
  fields.add_in_place(name_of(FieldId::connection), "Upgrade", FieldId::connection);
  fields.add_in_place(name_of(FieldId::upgrade), "websocket", FieldId::upgrade);
  return hop;
}

}  // namespace weir::origin
