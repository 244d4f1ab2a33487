#include "stages/errors/errors.h"

#include "base/text.h"
#include "http/userinfo.h"
#include "policy/request_kind.h"
#include "stages/errors/substitute.h"

namespace weir::errors {

using base::ErrorType;
using http::FieldId;

namespace {

/// RFC 9110, 10.2.3. A limit that is reached now is rarely still reached a moment later.
constexpr const char* kRetryAfterSeconds = "2";

/// RFC 8941, 3.3.3: printable ASCII in quotes.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 300)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return out + '"';
}

/// text/html is in the list, and not with a weight of 0 (RFC 9110, 12.4.2 and 12.5.1).
bool accepts_html(std::string_view accept) {
  std::string_view rest = accept.substr(0, 1024);
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    std::string_view range = base::trim(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const size_t semicolon = range.find(';');
    if (!base::equal_ignoring_case(base::trim(range.substr(0, semicolon)), "text/html")) continue;
    const std::string parameters = base::to_lower(
        semicolon == std::string_view::npos ? std::string_view() : range.substr(semicolon));
    const size_t weight = parameters.find("q=");
    return weight == std::string::npos ||
           parameters.find_first_of("123456789", weight) != std::string::npos;
  }
  return false;
}

/// A page of the owner's may also have pictures and fonts, in data: URLs.
constexpr std::string_view kTemplatesPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

http::Response html_response(const PageFacts& facts, const Pages& pages) {
  const http::PageTemplate* const page = pages.template_for(facts.error);
  http::Response response =
      http::text_response(facts.error.status(), "text/html; charset=utf-8",
                          page ? rendered(*page, facts, pages) : as_html(facts, pages));
  if (page) response.head->fields.set(FieldId::content_security_policy, kTemplatesPolicy);
  return response;
}

/// Browsers show nothing of a page that forbids its frame. There is nothing on a page about a
/// denial that another site could make somebody click on unawares.
void allow_frames(http::Response& response) {
  constexpr std::string_view kForbids = "frame-ancestors 'none'; ";
  std::string policy(response.head->fields.get(FieldId::content_security_policy));
  const size_t at = policy.find(kForbids);
  if (at == std::string::npos) return;
  policy.erase(at, kForbids.size());
  response.head->fields.set(FieldId::content_security_policy, policy);
}

/// Over plain HTTP browsers send no Sec-Fetch-Dest, and ask for both kinds of pages alike. In a
/// window, frame-ancestors means nothing.
bool may_be_for_frame(const http::RequestHead& head) {
  return policy::kinds_of(head, false).has(policy::ContentKind::frame);
}

/// The URL as the client asked for it, without a name and a password.
std::string url_of(const http::RequestHead& head) {
  if (head.target.host.empty() || head.target.form == http::TargetForm::authority)
    return http::without_userinfo(head.raw_target);
  std::string url(head.target.scheme == http::Scheme::https ? "https://" : "http://");
  url.append(head.target.authority);
  const std::string_view path = head.target.path;
  return url +
         (path.find_first_not_of("/\\") != 1 ? http::without_userinfo(path) : std::string(path));
}

void add_proxy_status(http::Response& response, const base::Error& error, std::string_view name) {
  // In Proxy-Status a token begins with a letter or an asterisk (RFC 8941, 3.3.4); in Via it need
  // not.
  std::string status =
      (base::is_alpha(name.front()) || name.front() == '*' ? std::string(name) : quoted(name)) +
      "; error=" + std::string(base::name_of(error.type()));
  if (!error.detail().empty()) status += "; details=" + quoted(error.detail());
  response.head->fields.add(FieldId::proxy_status, status);
}

}  // namespace

http::Response error_response(const PageFacts& facts, std::string_view accept, const Pages& pages,
                              std::string_view name) {
  const base::Error& error = facts.error;
  http::Response response =
      accepts_html(accept)
          ? html_response(facts, pages)
          : http::text_response(error.status(), "text/plain; charset=utf-8", as_text(facts, pages));
  add_proxy_status(response, error, name);
  if (error.type() == ErrorType::connection_limit_reached)
    response.head->fields.add(FieldId::retry_after, kRetryAfterSeconds);
  return response;
}

async::Task<base::Result<http::Response>> Errors::handle(http::Request& request,
                                                         http::Next next) const {
  // A restart gives the request another head; the page is about what the client asked for.
  const base::Ref<http::RequestHead> head = request.head;
  auto response = co_await next(request);
  if (response || response.error().type() == ErrorType::client_closed) co_return response;
  const base::Error& error = response.error();
  request.exchange->set_error(error);
  if (error.unanswered()) co_return response;
  if (error.is_by_owners_rule()) {
    if (auto substitute = substitute_for(request)) {
      add_proxy_status(*substitute, error, name_);
      co_return *std::move(substitute);
    }
  }
  co_return page_about(error, request, *head);
}

http::Response Errors::page_about(const base::Error& error, const http::Request& request,
                                  const http::RequestHead& head) const {
  const std::string url = url_of(head);
  const std::string_view user = request.asker->identity;
  const std::string who =
      user.empty() ? request.session().client.address.text() : std::string(user);
  const PageFacts facts{
      .error = error, .url = url, .host = head.target.host, .who = who, .list = error.list()};
  http::Response response = error_response(facts, head.fields.get(FieldId::accept), pages_, name_);
  if (error.status() == 403 && may_be_for_frame(head)) allow_frames(response);
  return response;
}

}  // namespace weir::errors
