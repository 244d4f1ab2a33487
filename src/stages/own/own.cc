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

namespace {

bool wants_html(const http::RequestHead& head) {
  return head.fields.get(FieldId::accept).contains("text/html");
}

bool comes_through(const http::Request& request) {
  return request.session().depth > 0 || request.head->target.form == http::TargetForm::absolute;
}

/// Looks like the pages about other errors.
http::Response no_page(const http::RequestHead& head) {
  constexpr int kNotFound = 404;
  if (!wants_html(head)) {
    return http::text_response(kNotFound, "text/plain; charset=utf-8", "Weir has no such page.\n");
  }
  http::Response response =
      http::own_page("Weir has no such page",
                     "<p class=\"status\">404 Not Found</p>\n<h1>Weir has no such page</h1>\n"
                     "<p>What it has begins at <a href=\"/\">its first page</a>.</p>\n");
  response.head->status = kNotFound;
  return response;
}

}  // namespace

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
  if (auto file = authority_file(context_.authorities, http::page_path(head)))
    return *std::move(file);
  return http::page_path(head) == "/" ? front_page(request) : no_page(head);
}

std::deque<journal::Denial> Own::denials_of(const http::Request& request) const {
  if (context_.may_see_denials && !context_.may_see_denials(request)) return {};
  return context_.denials.of(request.session().client.address, request.asker->identity);
}

http::Response Own::front_page(const http::Request& request) const {
  const http::Session& session = request.session();
  const std::string_view how = session.depth > 0        ? "through the proxy, in a CONNECT tunnel"
                               : comes_through(request) ? "through the proxy"
                                                        : "directly, not through the proxy";
  if (wants_html(*request.head)) return http::own_page("Weir works", front_html(request, how));
  std::string text =
      "Weir works.\nversion: " + version_ + "\nyour address: " + session.client.address.text() +
      "\nlistener: " + session.local.text() + "\nthis page came: " + std::string(how) + "\n";
  if (!context_.contact.text.empty()) text += "whom to ask: " + context_.contact.text + '\n';
  text += authority_text(context_.authorities, last_tunnel(request), came(request));
  return http::text_response(200, "text/plain; charset=utf-8",
                             text + denials_text(denials_of(request)));
}

std::string Own::front_html(const http::Request& request, std::string_view how) const {
  const http::Session& session = request.session();
  const std::string_view agent = request.head->fields.get(FieldId::user_agent);
  std::string body = "<h1>Weir works</h1>\n<p>This page came " + std::string(how) + ".</p>\n";
  if (comes_through(request)) {
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
      "</code></dd>\n<dt>Your address</dt><dd><code>" +
      base::escape_html(session.client.address.text()) + "</code></dd>\n<dt>Your client</dt><dd>" +
      base::escape_html(agent.empty() ? std::string_view("did not say") : agent.substr(0, 300)) +
      "</dd>\n</dl>\n" + authority_html(context_.authorities, last_tunnel(request), came(request)) +
      denials_html(denials_of(request));
  if (!context_.contact.html.empty()) body += "<p>Whom to ask: " + context_.contact.html + "</p>\n";
  return body;
}

async::Task<base::Result<http::Response>> Own::handle(http::Request& request,
                                                      http::Next next) const {
  const http::Target& target = request.head->target;
  // If the stages ran in another order, anybody could get these pages.
  if (!request.decision)
    return http::fail_with(
        base::Error(ErrorType::proxy_internal_error, "Policy has not seen this request."));
  const bool tunnels = request.head->method == Method::connect;
  const bool inside_own = request.session().own;
  if ((tunnels || (target.scheme == http::Scheme::https && !inside_own)) &&
      own_->is_own_name(target.host)) {
    constexpr uint16_t kHttp = 80, kHttps = 443;
    const bool served =
        target.port == kHttp || (target.port == kHttps && !context_.authorities.empty());
    if (!tunnels || !served) {
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
  if (tunnels) return next(request);
  if (!request.session().own && !own_->covers(target, request.session())) return next(request);
  auto response = page(request);
  if (!response) return http::fail_with(std::move(response).error());
  // No page of another site may load what is for Weir's own.
  response->head->fields.add("Cross-Origin-Resource-Policy", "same-origin");
  return http::answer(*std::move(response));
}

}  // namespace weir::own
