#include "stages/validate/validate.h"

#include "base/text.h"
#include "http/hop_by_hop.h"

namespace weir::validate {

using base::ErrorType;
using http::FieldId;
using http::Method;
using http::TargetForm;
using http::Version;

base::Result<void> Validate::check_target(const http::Request& request) const {
  const http::Target& target = request.head->target;
  const http::Session& session = request.session();
  if (session.depth > 0) {
    if (request.head->method == Method::connect) {
      return base::fail(ErrorType::http_request_error,
                        "A CONNECT inside a tunnel that is served as HTTP is not possible.");
    }
    if (!http::is_for_opened(session, *request.head)) {
      return base::fail(ErrorType::http_request_denied, 421,
                        "This tunnel was opened to " + session.opened_host.text() + ":" +
                            std::to_string(session.opened_port) + "; a request in it for " +
                            std::string(target.authority) + " is out of place.",
                        "tunnel authority");
    }
    return {};
  }
  if ((target.form == TargetForm::origin || target.form == TargetForm::asterisk) &&
      !own_->covers(target, session)) {
    return base::fail(
        ErrorType::http_request_denied, 421,
        "This is a forward proxy, not the server of " +
            (target.host.empty() ? "that name" : std::string(target.authority)) +
            ". Set it as the proxy of your browser or program; its own pages are at http://" +
            own_->own_name() + "/.",
        "own names");
  }
  return {};
}

bool Validate::loops(const http::Fields& fields) const {
  for (const http::Field& field : fields.all()) {
    if (field.id != FieldId::via) continue;
    std::string_view rest = field.value();
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      std::string_view member = base::trim(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      const size_t space = member.find_first_of(" \t");
      if (space == std::string_view::npos) continue;
      member = base::trim(member.substr(space));
      if (base::equal_ignoring_case(member.substr(0, member.find_first_of(" \t(")), via_))
        return true;
    }
  }
  return false;
}

async::Task<base::Result<http::Response>> Validate::handle(http::Request& request,
                                                           http::Next next) const {
  http::RequestHead& head = *request.head;
  if (head.fault) return http::fail_with(*std::move(head.fault));
  if (auto checked = check_target(request); !checked)
    return http::fail_with(std::move(checked).error());
  if (const auto& fault = request.session().fault) return http::fail_with(*fault);
  if (loops(head.fields)) {
    return http::fail_with(
        base::Error(ErrorType::proxy_loop_detected,
                    "This request has passed through this proxy before: it goes in a circle."));
  }
  const http::HopByHop hop = http::remove_hop_by_hop(head.fields);
  if (hop.excessive)
    return http::fail_with(
        base::Error(ErrorType::http_request_error, "Connection names too many fields."));
  if (hop.websocket && head.method == Method::get && head.version == Version::http_1_1 &&
      !request.body)
    request.upgrade = http::Upgrade::websocket;
  // Trailers are never sent to an HTTP/1.0 client.
  request.te_trailers = hop.te_trailers && head.version >= Version::http_1_1;
  return next(request);
}

}  // namespace weir::validate
