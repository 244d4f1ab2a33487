#include "stages/errors/errors.h"

#include "base/text.h"
#include "http/page.h"
#include "http/userinfo.h"
#include "stages/errors/substitute.h"

namespace weir::errors {

using base::ErrorType;
using http::FieldId;

namespace {

/// The headline: what happened, in a person's words.
std::string_view headline_of(const base::Error& error) {
  switch (error.type()) {
    case ErrorType::dns_error:
    case ErrorType::destination_not_found: return "The site could not be found";
    case ErrorType::dns_timeout: return "The site's name could not be looked up in time";
    case ErrorType::connection_refused: return "The site refused the connection";
    case ErrorType::connection_timeout: return "The site can't be reached: no answer in time";
    case ErrorType::destination_ip_unroutable:
    case ErrorType::destination_unavailable: return "The site can't be reached from here";
    case ErrorType::connection_limit_reached: return "The proxy is at its limit";
    case ErrorType::destination_ip_prohibited: return "This destination is not allowed";
    case ErrorType::http_request_denied:
      return error.status() == 421 ? "This request came to the wrong place"
                                   : "This request is not allowed";
    case ErrorType::http_request_error:
      switch (error.status()) {
        case 408: return "The request came too slowly";
        case 413: return "The request is too large";
        case 414: return "The address is too long";
        case 417: return "The request expects something that is not known";
        case 431: return "The request's fields are too large";
        case 501: return "This is not supported";
        case 505: return "This version of HTTP is not supported";
        default: return "The request is malformed";
      }
    case ErrorType::proxy_loop_detected: return "The request goes in a circle";
    case ErrorType::http_response_timeout:
    case ErrorType::connection_read_timeout:
    case ErrorType::connection_write_timeout: return "The site took too long to answer";
    case ErrorType::connection_terminated:
    case ErrorType::http_response_incomplete: return "The site broke off the connection";
    case ErrorType::http_protocol_error:
    case ErrorType::http_response_transfer_coding:
    case ErrorType::http_response_header_section_size:
    case ErrorType::http_response_trailer_section_size:
    case ErrorType::http_upgrade_failed: return "The site's answer is not valid";
    default: return "Something went wrong in the proxy";
  }
}

/// What the person who reads it can do; empty where the remedy or the headline says it all.
std::string_view advice_of(const base::Error& error) {
  switch (error.type()) {
    case ErrorType::dns_error:
    case ErrorType::destination_not_found:
      return "Check how the name is written. If other sites fail too, check the network and the "
             "name servers that the proxy asks.";
    case ErrorType::dns_timeout:
      return "Try again in a moment. If other names fail too, check the network and the name "
             "servers that the proxy asks.";
    case ErrorType::connection_refused:
      return "Nothing listens on that port, or a firewall turns connections away. Check the port, "
             "or try again later.";
    case ErrorType::connection_timeout:
      return "The site may be down, or a firewall on the way drops what is sent to it. Try again "
             "later.";
    case ErrorType::destination_ip_unroutable:
    case ErrorType::destination_unavailable:
      return "Check that the machine that runs the proxy is connected to a network that leads "
             "there.";
    case ErrorType::connection_limit_reached:
      if (error.rule() == "login") return "Try again in a moment, with the same name and password.";
      return "Try again in a moment. If it lasts, the machine that runs the proxy needs higher "
             "limits.";
    case ErrorType::destination_ip_prohibited:
      return error.remedy().empty() ? "No setting of the proxy opens this." : std::string_view();
    case ErrorType::proxy_loop_detected:
      return "Something on the way sends this proxy's requests back to it. Check the proxies and "
             "redirections there.";
    case ErrorType::http_response_timeout:
    case ErrorType::connection_read_timeout:
    case ErrorType::connection_write_timeout: return "The site may be busy. Try again later.";
    case ErrorType::connection_terminated:
    case ErrorType::http_response_incomplete:
      return "Try again. If it happens each time, the fault is the site's.";
    case ErrorType::http_protocol_error:
    case ErrorType::http_response_transfer_coding:
    case ErrorType::http_response_header_section_size:
    case ErrorType::http_response_trailer_section_size:
    case ErrorType::http_upgrade_failed:
      return "The fault is the site's. The proxy passes on no answer that two programs could read "
             "in two ways.";
    default: return {};
  }
}

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

/// Turns a text into HTML. What is to be typed stands between backticks in it, and becomes <code>.
std::string with_code(std::string_view text) {
  std::string html;
  bool code = false;
  for (const char c : base::escape_html(text)) {
    if (c != '`') {
      html += c;
    } else {
      html += code ? "</code>" : "<code>";
      code = !code;
    }
  }
  return code ? html + "</code>" : html;
}

std::string as_text(const base::Error& error) {
  std::string text(headline_of(error));
  text.append(".\n").append(error.detail()).append("\n");
  if (const auto advice = advice_of(error); !advice.empty()) text.append(advice).append("\n");
  if (!error.rule().empty()) text.append("Rule: ").append(error.rule()).append("\n");
  if (!error.remedy().empty()) text.append("To allow it: ").append(error.remedy()).append("\n");
  text.append("(")
      .append(std::to_string(error.status()))
      .append(", ")
      .append(base::name_of(error.type()))
      .append(", from Weir, the proxy)\n");
  // Terminals act on control characters, so replace them.
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = '?';
  }
  return text;
}

std::string as_html(const base::Error& error, std::string_view url) {
  const std::string_view headline = headline_of(error);
  std::string body = "<p class=\"status\">" + std::to_string(error.status()) + " " +
                     std::string(http::reason_of(error.status())) + "</p>\n<h1>" +
                     base::escape_html(headline) + "</h1>\n<p>" +
                     base::escape_html(error.detail()) + "</p>\n";
  if (const auto advice = advice_of(error); !advice.empty())
    body += "<p>" + base::escape_html(advice) + "</p>\n";
  if (!error.remedy().empty())
    body += "<p class=\"remedy\">To allow it, " + with_code(error.remedy()) + "</p>\n";
  body += "<dl>\n";
  if (!url.empty())
    body += "<dt>Address</dt><dd><code>" + base::escape_html(url.substr(0, 500)) + "</code></dd>\n";
  if (!error.rule().empty())
    body += "<dt>Rule</dt><dd><code>" + base::escape_html(error.rule()) + "</code></dd>\n";
  body += "<dt>Error</dt><dd><code>" + std::string(base::name_of(error.type())) +
          "</code></dd>\n</dl>\n";
  return http::html_page(headline, body);
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

/// The owner's rules refuse the request, and none of Weir's own.
bool is_denied_by_rule(const http::Exchange& exchange, const base::Error& error) {
  return error.type() == ErrorType::http_request_denied && exchange.verdict &&
         error.rule() == exchange.verdict->rule.view();
}

}  // namespace

http::Response error_response(const base::Error& error, std::string_view accept,
                              std::string_view url, std::string_view name) {
  http::Response response =
      accepts_html(accept)
          ? http::text_response(error.status(), "text/html; charset=utf-8", as_html(error, url))
          : http::text_response(error.status(), "text/plain; charset=utf-8", as_text(error));
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
  if (is_denied_by_rule(*request.exchange, error)) {
    if (auto substitute = substitute_for(request)) {
      add_proxy_status(*substitute, error, name_);
      co_return *std::move(substitute);
    }
  }
  std::string url;
  if (!head->target.host.empty() && head->target.form != http::TargetForm::authority) {
    url = std::string(head->target.scheme == http::Scheme::https ? "https://" : "http://")
              .append(head->target.authority);
    const std::string_view path = head->target.path;
    url += path.find_first_not_of("/\\") != 1 ? http::without_userinfo(path) : std::string(path);
  } else {
    url = http::without_userinfo(head->raw_target);
  }
  co_return error_response(error, head->fields.get(FieldId::accept), url, name_);
}

}  // namespace weir::errors
