#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "journal/log_line.h"
#include "journal/log_put.h"

namespace weir::journal {
namespace {

/// A character that text readers may take for a line end, or that a terminal obeys: U+0080 to
/// U+009F, U+2028, U+2029.
bool breaks_lines(std::string_view character) {
  return (character.size() == 2 && character[0] == '\xC2' &&
          static_cast<unsigned char>(character[1]) < 0xA0) ||
         character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9";
}

void append_code(std::string& out, unsigned code) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[code >> shift & 15];
}

/// RFC 8259, section 7.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto plain = std::ranges::find_if(
        text, [](char c) { return c < 0x20 || c > 0x7e || c == '"' || c == '\\'; });
    const auto run = static_cast<size_t>(plain - text.begin());
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const size_t length = base::utf8_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text.front();
    } else if (length == 1) {
      append_code(out, c);
    } else if (breaks_lines(text.substr(0, length))) {
      append_code(out, length == 2 ? static_cast<unsigned char>(text[1])
                                   : 0x2000u | (static_cast<unsigned char>(text[2]) & 0x3Fu));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  out += '"';
}

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_string(out, text);
  }
}

/// RFC 3339, in UTC.
char* put_time(char* at, int64_t wall_ms) {
  const time_t second = wall_ms / 1000;
  tm utc{};
  gmtime_r(&second, &utc);
  at = put_padded(at, static_cast<uint64_t>(utc.tm_year + 1900), 4);
  const int parts[] = {utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec};
  static constexpr char kBefore[] = "--T::";
  for (int i = 0; i < 5; ++i) {
    *at++ = kBefore[i];
    at = put_padded(at, static_cast<uint64_t>(parts[i]), 2);
  }
  *at++ = '.';
  at = put_padded(at, static_cast<uint64_t>(wall_ms % 1000), 3);
  *at++ = 'Z';
  return at;
}

}  // namespace

void append_json(std::string& out, const LogFacts& facts) {
  const http::Exchange& exchange = facts.exchange;
  const RequestParts request = request_parts(exchange);
  char piece[256];
  char* at = put(piece, "{\"time\":\"");
  at = put_time(at, exchange.started_wall_ms);
  at = put(at, "\",\"client\":\"");
  at = put(at, exchange.session().client.address);
  at = put(at, "\",\"identity\":");
  out.append(piece, at);
  append_string_or_null(out, exchange.asker->identity);
  out += ",\"method\":";
  append_string_or_null(out, request.method);
  out += ",\"target\":";
  append_string_or_null(out, request.target);
  out += ",\"site\":";
  append_string_or_null(out, site_of(exchange));
  out += ",\"version\":";
  append_string_or_null(out, request.version);
  at = put(piece, ",\"status\":");
  at = exchange.status == 0 ? put(at, "null") : put(at, static_cast<uint64_t>(exchange.status));
  at = put(at, ",\"bytes_sent\":");
  at = put(at, exchange.sent);
  at = put(at, ",\"bytes_received\":");
  at = put(at, exchange.received);
  out.append(piece, at);
  out += ",\"referer\":";
  append_string_or_null(out, exchange.referer());
  out += ",\"user_agent\":";
  append_string_or_null(out, exchange.user_agent());
  out += ",\"outcome\":";
  append_string(out, exchange.has_error() ? std::string_view("error") : facts.outcome);
  out += ",\"error\":";
  append_string_or_null(out, exchange.has_error() ? facts.outcome : std::string_view());
  out += ",\"rule\":";
  append_string_or_null(out, exchange.rule());
  const http::Verdict* const verdict = exchange.verdict.get();
  out += ",\"list\":";
  append_string_or_null(out, exchange.list());
  out += ",\"would\":";
  append_string_or_null(out, verdict ? verdict->would.view() : std::string_view());
  out += ",\"grant\":";
  out += verdict && verdict->grant != 0 ? std::to_string(verdict->grant) : "null";
  out += ",\"type\":";
  append_string_or_null(out, exchange.known().type);
  out += ",\"page\":";
  append_string_or_null(out, exchange.known().page);
  at = put(piece, ",\"ms\":");
  at = put(at, facts.ms);
  at = put(at, ",\"origin\":");
  if (exchange.peer.port != 0) {
    *at++ = '"';
    at = put(at, exchange.peer);
    *at++ = '"';
  } else {
    at = put(at, "null");
  }
  at = put(at, exchange.reused_connection ? ",\"reused\":true" : ",\"reused\":false");
  out.append(piece, at);
  out += ",\"mended\":";
  append_string_or_null(out,
                        exchange.mended ? std::string_view(exchange.mended) : std::string_view());
  out += ",\"sni\":";
  append_string_or_null(out, exchange.sni);
  const auto word = [](const char* text) {
    return text ? std::string_view(text) : std::string_view();
  };
  out += ",\"tls\":";
  append_string_or_null(out, word(http::word_of(exchange.tls)));
  out += ",\"tls_alert\":";
  out += exchange.tls_alert != 0 ? std::to_string(exchange.tls_alert) : "null";
  out += ",\"step_aside\":";
  append_string_or_null(out, word(http::word_of(exchange.aside)));
  out += '}';
}

}  // namespace weir::journal
