#include "proxy/log_line.h"

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "proxy/log_put.h"

namespace weir::proxy {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  if (text.empty()) text = "-";
  out += '"';
  base::append_escaped_for_log(out, text);
  out += '"';
}

}  // namespace

LogFormat log_format(std::string_view name) {
  return name == "common" ? LogFormat::common : name == "json" ? LogFormat::json : name == "squid" ? LogFormat::squid : LogFormat::combined;
}

std::string_view LogClock::text(int64_t wall_ms) {
  const int64_t second = wall_ms / 1000;
  if (second != second_) {
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t when = second;
    tm local{};
    localtime_r(&when, &local);
    // Months by hand: the format's are English in every locale.
    const long minutes = local.tm_gmtoff / 60;
    const long positive = minutes < 0 ? -minutes : minutes;
    const int size = snprintf(text_, sizeof text_, "[%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld]", local.tm_mday, kMonths[local.tm_mon],
                              local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec, minutes < 0 ? '-' : '+', positive / 60, positive % 60);
    size_ = static_cast<size_t>(size);
    second_ = second;
  }
  return {text_, size_};
}

RequestParts request_parts(const http::Exchange& exchange) {
  if (exchange.settled()) {
    // Kept as one text: a method has no space, and the version is what follows the last one.
    const std::string_view line = exchange.request_line();
    const size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || last == first) return {};
    return {line.substr(0, first), line.substr(first + 1, last - first - 1), line.substr(last + 1)};
  }
  if (!exchange.request || exchange.request->method_token.empty()) return {};
  const http::RequestHead& head = *exchange.request;
  return {head.method_token, head.raw_target, head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1"};
}

void append_line(std::string& out, LogFormat format, const LogFacts& facts, LogClock& clock) {
  switch (format) {
    case LogFormat::common:
      append_common(out, facts, clock);
      break;
    case LogFormat::combined:
      append_combined(out, facts, clock);
      break;
    case LogFormat::json:
      append_json(out, facts);
      break;
    case LogFormat::squid:
      append_squid(out, facts);
      break;
  }
  out += '\n';
}

void append_common(std::string& out, const LogFacts& facts, LogClock& clock) {
  const http::Exchange& exchange = facts.exchange;
  char piece[128];
  char* at = put(piece, exchange.session->client.address);
  at = put(at, " - ");
  out.append(piece, at);
  base::append_escaped_for_log(out, exchange.identity.empty() ? std::string_view("-") : std::string_view(exchange.identity));
  at = put(piece, " ");
  at = put(at, clock.text(exchange.started_wall_ms));
  *at++ = ' ';
  out.append(piece, at);
  if (exchange.settled()) {
    append_quoted(out, exchange.request_line());
  } else if (exchange.request && !exchange.request->method_token.empty()) {
    const http::RequestHead& head = *exchange.request;
    out += '"';
    base::append_escaped_for_log(out, head.method_token);
    out += ' ';
    base::append_escaped_for_log(out, head.raw_target);
    out += head.minor_version == 0 ? " HTTP/1.0\"" : " HTTP/1.1\"";
  } else {
    out += "\"-\"";
  }
  at = put(piece, " ");
  at = put_status(at, exchange.status);
  at = put(at, " ");
  at = put(at, exchange.sent);
  out.append(piece, at);
}

void append_combined(std::string& out, const LogFacts& facts, LogClock& clock) {
  const http::Exchange& exchange = facts.exchange;
  append_common(out, facts, clock);
  out += ' ';
  append_quoted(out, exchange.referer());
  out += ' ';
  append_quoted(out, exchange.user_agent());
  out += ' ';
  out += facts.outcome;
  char piece[256];
  char* at = put(piece, " received=");
  at = put(at, exchange.received);
  at = put(at, " ms=");
  at = put(at, facts.ms);
  if (exchange.peer.port != 0) {
    at = put(at, " origin=");
    at = put(at, exchange.peer);
    if (exchange.reused_connection) at = put(at, " reused=1");
  }
  out.append(piece, at);
  if (!exchange.rule().empty()) {
    // A word, as the other parts are.
    std::string rule(exchange.rule());
    std::ranges::replace(rule, ' ', '_');
    out += " rule=";
    base::append_escaped_for_log(out, rule);
  }
  if (!exchange.sni.empty()) {
    out += " sni=";
    base::append_escaped_for_log(out, exchange.sni);
  }
}

}  // namespace weir::proxy
