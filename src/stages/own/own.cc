#include "stages/own/own.h"

#include "base/text.h"
#include "http/own_pages.h"
#include "http/page.h"
#include "stages/own/denials_text.h"

namespace weir::own {

using base::ErrorType;
using http::FieldId;
using http::Method;

async::Task<base::Result<void>> OwnTunnel::run(async::ByteStream&, base::Slice) {
  co_return base::fail(ErrorType::http_request_error, "Only HTTP is spoken here.");
}

base::Result<http::Response> Own::page(const http::Request& request) const {
  const http::RequestHead& head = *request.head;
  if (head.method == Method::options) {
    http::Response response;
    response.head = http::ResponseHead::make(200);
    response.head->fields.add(FieldId::allow, "GET, HEAD, OPTIONS");
    return response;
  }
  if (head.method != Method::get && head.method != Method::head) {
    http::Response response = http::text_response(405, "text/plain; charset=utf-8",
                                                  "Only GET and HEAD are answered here.\n");
    response.head->fields.add(FieldId::allow, "GET, HEAD, OPTIONS");
    return response;
  }
  if (http::page_path(head) == http::kStylePath) return http::own_style_sheet();
  if (http::page_path(head) != "/")
    return http::text_response(404, "text/plain; charset=utf-8", "Weir has no such page.\n");

  const http::Session& session = request.session();
  const std::string client = session.client.address.text();
  std::deque<journal::Denial> denials;
  if (!context_.may_see_denials || context_.may_see_denials(request))
    denials = context_.denials.of(session.client.address, request.asker->identity);
  const std::string_view agent = head.fields.get(FieldId::user_agent);
  const bool through = session.depth > 0 || head.target.form == http::TargetForm::absolute;
  const std::string_view how = session.depth > 0 ? "through the proxy, in a CONNECT tunnel"
                               : through         ? "through the proxy"
                                                 : "directly, not through the proxy";
  if (head.fields.get(FieldId::accept).find("text/html") == std::string_view::npos) {
    return http::text_response(200, "text/plain; charset=utf-8",
                               "Weir works.\nversion: " + version_ + "\nyour address: " + client +
                                   "\nlistener: " + session.local.text() + "\nthis page came: " +
                                   std::string(how) + "\n" + denials_text(denials));
  }
  std::string body = "<h1>Weir works</h1>\n<p>This page came " + std::string(how) + ".</p>\n";
  if (through) {
    body += "<p>This client is set up: what it asks for over HTTP goes through Weir.</p>\n";
  } else {
    const std::string proxy = base::escape_html(session.local.text());
    const std::string own = "http://" + base::escape_html(own_->own_name()) + "/";
    body += "<p>To go through it, set <code>" + proxy +
            "</code> as the proxy for HTTP and HTTPS in your browser, or in a shell:</p>\n<pre>" +
            "export http_proxy=http://" + proxy + "\nexport https_proxy=http://" + proxy +
            "</pre>\n<p>Then open <a href=\"" + own + "\">" + own +
            "</a>, which answers only through the proxy.</p>\n";
  }
  body +=
      "<dl>\n<dt>Version</dt><dd>" + base::escape_html(version_) +
      "</dd>\n<dt>Listener</dt><dd><code>" + base::escape_html(session.local.text()) +
      "</code></dd>\n<dt>Your address</dt><dd><code>" + base::escape_html(client) +
      "</code></dd>\n<dt>Your client</dt><dd>" +
      base::escape_html(agent.empty() ? std::string_view("did not say") : agent.substr(0, 300)) +
      "</dd>\n</dl>\n";
  body += denials_html(denials);
  return http::own_page("Weir works", body);
}

async::Task<base::Result<http::Response>> Own::handle(http::Request& request,
                                                      http::Next next) const {
  const http::Target& target = request.head->target;
  // If the stages ran in another order, anybody could get these pages.
  if (!request.decision)
    return http::fail_with(
        base::Error(ErrorType::proxy_internal_error, "Policy has not seen this request."));
  if (request.head->method == Method::connect) {
    if (!own_->is_own_name(target.host)) return next(request);
    if (target.port != 80) {
      return http::fail_with(
          base::Error(ErrorType::http_request_denied,
                      "Weir's own pages are at http://" + own_->own_name() + "/, port 80, alone.",
                      "own pages"));
    }
    http::Response response;
    response.head = http::ResponseHead::make(200);
    response.head->reason = "Connection established";
    response.tunnel = std::make_unique<OwnTunnel>();
    return http::answer(std::move(response));
  }
  if (!request.session().own && !own_->covers(target, request.session())) return next(request);
  auto response = page(request);
  if (!response) return http::fail_with(std::move(response).error());
  // No page of another site may load what is for Weir's own.
  response->head->fields.add("Cross-Origin-Resource-Policy", "same-origin");
  return http::answer(*std::move(response));
}

}  // namespace weir::own
