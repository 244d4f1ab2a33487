#include "journal/log_line.h"

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "journal/log_put.h"

namespace weir::journal {

LogFormat log_format(std::string_view name) {
  return name == "common"  ? LogFormat::common
         : name == "json"  ? LogFormat::json
         : name == "squid" ? LogFormat::squid
                           : LogFormat::combined;
}

std::string_view LogClock::text(int64_t wall_ms) {
  const int64_t second = wall_ms / 1000;
  if (second != second_) {
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t when = second;
    tm local{};
    localtime_r(&when, &local);
    // No strftime() for the month: the log format has English names in every locale.
    const long minutes = local.tm_gmtoff / 60;
    const long positive = minutes < 0 ? -minutes : minutes;
    const int size =
        snprintf(text_, sizeof text_, "[%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld]", local.tm_mday,
                 kMonths[local.tm_mon], local.tm_year + 1900, local.tm_hour, local.tm_min,
                 local.tm_sec, minutes < 0 ? '-' : '+', positive / 60, positive % 60);
    size_ = static_cast<size_t>(size);
    second_ = second;
  }
  return {text_, size_};
}

RequestParts request_parts(const http::Exchange& exchange) {
  if (exchange.settled()) {
    // The line is kept as one text. The method ends at its first space, and the version follows the
    // last one.
    const std::string_view line = exchange.request_line();
    const size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || last == first) return {};
    return {line.substr(0, first), line.substr(first + 1, last - first - 1), line.substr(last + 1)};
  }
  if (!exchange.request || exchange.request->method_token.empty()) return {};
  const http::RequestHead& head = *exchange.request;
  return {head.method_token, head.raw_target, text_of(head.version)};
}

std::string site_of(const http::Exchange& exchange) {
  const http::Session& session = exchange.session();
  if (session.opened_host.empty() || !request_parts(exchange).target.starts_with('/')) return {};
  const bool secure = session.scheme == http::Scheme::https;
  std::string site = secure ? "https://" : "http://";
  const auto& host = session.inner_host.empty() ? session.opened_host : session.inner_host;
  const bool bracketed = host.view().contains(':');
  if (bracketed) site += '[';
  site += host.view();
  if (bracketed) site += ']';
  if (session.opened_port != (secure ? 443 : 80)) site += ':' + std::to_string(session.opened_port);
  return site;
}

void append_line(std::string& out, LogFormat format, const LogFacts& facts, LogClock& clock) {
  switch (format) {
    case LogFormat::common: append_common(out, facts, clock); break;
    case LogFormat::combined: append_combined(out, facts, clock); break;
    case LogFormat::json: append_json(out, facts); break;
    case LogFormat::squid: append_squid(out, facts); break;
  }
  out += '\n';
}

namespace {

char* put_quoted(char* at, std::string_view text) {
  *at++ = '"';
  at = base::put_escaped_for_log(at, text.empty() ? std::string_view("-") : text);
  *at++ = '"';
  return at;
}

/// One word without spaces, like the other parts; nothing if there is no value.
char* put_word(char* at, std::string_view name, std::string_view value) {
  if (value.empty()) return at;
  at = put(at, name);
  char* const word = at;
  at = base::put_escaped_for_log(at, value);
  std::replace(word, at, ' ', '_');
  return at;
}

char* put_common(char* at, const LogFacts& facts, LogClock& clock) {
  const http::Exchange& exchange = facts.exchange;
  at = put(at, exchange.session().client.address);
  at = put(at, " - ");
  at = base::put_escaped_for_log(at, exchange.asker->identity.empty()
                                         ? std::string_view("-")
                                         : std::string_view(exchange.asker->identity));
  *at++ = ' ';
  at = put(at, clock.text(exchange.started_wall_ms));
  *at++ = ' ';
  if (exchange.settled()) {
    at = put_quoted(at, exchange.request_line());
  } else if (exchange.request && !exchange.request->method_token.empty()) {
    const http::RequestHead& head = *exchange.request;
    *at++ = '"';
    at = base::put_escaped_for_log(at, head.method_token);
    *at++ = ' ';
    at = base::put_escaped_for_log(at, head.raw_target);
    *at++ = ' ';
    at = put(at, text_of(head.version));
    *at++ = '"';
  } else {
    at = put(at, "\"-\"");
  }
  *at++ = ' ';
  at = put_status(at, exchange.status);
  *at++ = ' ';
  return put(at, exchange.sent);
}

char* put_tls(char* at, const http::Exchange& exchange) {
  if (exchange.tls != http::TlsInside::none) {
    at = put(at, " tls=");
    at = put(at, word_of(exchange.tls));
  }
  if (exchange.tls_alert != 0) {
    *at++ = ':';
    at = put(at, uint64_t{exchange.tls_alert});
  }
  if (const char* const aside = word_of(exchange.aside)) {
    at = put(at, " step_aside=");
    at = put(at, aside);
  }
  return at;
}

char* put_combined(char* at, const LogFacts& facts, LogClock& clock) {
  const http::Exchange& exchange = facts.exchange;
  const std::string site = site_of(exchange);
  at = put_common(at, facts, clock);
  *at++ = ' ';
  at = put_quoted(at, exchange.referer());
  *at++ = ' ';
  at = put_quoted(at, exchange.user_agent());
  *at++ = ' ';
  at = put(at, facts.outcome);
  at = put(at, " received=");
  at = put(at, exchange.received);
  at = put(at, " ms=");
  at = put(at, facts.ms);
  at = put_word(at, " site=", site);
  if (exchange.peer.port != 0) {
    at = put(at, " origin=");
    at = put(at, exchange.peer);
    if (exchange.reused_connection) at = put(at, " reused=1");
  }
  at = put_word(at, " rule=", exchange.rule());
  at = put_word(at, " list=", exchange.list());
  if (exchange.verdict) {
    at = put_word(at, " would=", exchange.verdict->would);
    if (exchange.verdict->grant != 0) {
      at = put(at, " grant=");
      at = put(at, uint64_t{exchange.verdict->grant});
    }
  }
  if (exchange.mended) {
    at = put(at, " mended=");
    at = put(at, exchange.mended);
  }
  if (!exchange.sni.empty()) {
    at = put(at, " sni=");
    at = base::put_escaped_for_log(at, exchange.sni);
  }
  return put_tls(at, exchange);
}

/// An upper bound for a line of either format: escaping may make bytes from the wire four times as
/// long, and the rest is numbers, addresses and fixed words.
size_t longest(const LogFacts& facts) {
  const http::Exchange& exchange = facts.exchange;
  size_t wire = exchange.asker->identity.size() + exchange.sni.size() + exchange.rule().size() +
                exchange.list().size() + exchange.request_line().size() +
                exchange.referer().size() + exchange.user_agent().size() +
                exchange.session().opened_host.size() + exchange.session().inner_host.size();
  if (exchange.verdict) wire += exchange.verdict->would.size();
  if (exchange.request)
    wire += exchange.request->method_token.size() + exchange.request->raw_target.size();
  return 4 * wire + facts.outcome.size() + 512;
}

/// Writes the line directly into `out`, so that no piece is copied twice.
template <class Put>
void append(std::string& out, const LogFacts& facts, LogClock& clock, Put put_line) {
  const size_t before = out.size();
  out.resize_and_overwrite(before + longest(facts), [&](char* data, size_t) {
    return static_cast<size_t>(put_line(data + before, facts, clock) - data);
  });
}

}  // namespace

void append_common(std::string& out, const LogFacts& facts, LogClock& clock) {
  append(out, facts, clock, &put_common);
}
void append_combined(std::string& out, const LogFacts& facts, LogClock& clock) {
  append(out, facts, clock, &put_combined);
}

}  // namespace weir::journal
