#include "journal/log_line.h"
#include "journal/log_put.h"

namespace weir::journal {
namespace {

/// Squid's result codes, as far as they apply here.
std::string_view result_code(const http::Exchange& exchange, std::string_view method) {
  using base::ErrorType;
  if (exchange.has_error()) {
    switch (exchange.error_type()) {
      case ErrorType::destination_ip_prohibited:
      case ErrorType::http_request_denied:
      case ErrorType::proxy_loop_detected: return "TCP_DENIED";
      case ErrorType::http_request_error:
        if (exchange.peer.port == 0) return "NONE";
        break;
      default: break;
    }
  }
  if (exchange.status == 407) return "TCP_DENIED";
  if (exchange.peer.port == 0 && !exchange.has_error()) return "NONE";
  return method == "CONNECT" && exchange.status / 100 == 2 ? "TCP_TUNNEL" : "TCP_MISS";
}

/// Appends `text` with bytes that would end the word or the line as %XX.
void append_word(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (c > 0x20 && c < 0x7f) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

}  // namespace

void append_squid(std::string& out, const LogFacts& facts) {
  const http::Exchange& exchange = facts.exchange;
  const RequestParts request = request_parts(exchange);
  // Squid logs the time at which the line is written, not the request's.
  const uint64_t ended_ms = static_cast<uint64_t>(exchange.started_wall_ms) + facts.ms;
  char piece[256];
  char* at = put(piece, ended_ms / 1000);
  *at++ = '.';
  at = put_padded(at, ended_ms % 1000, 3);
  *at++ = ' ';
  // Pad to at least six columns.
  for (uint64_t least = 100'000; least > 1 && facts.ms < least; least /= 10) *at++ = ' ';
  at = put(at, facts.ms);
  *at++ = ' ';
  at = put(at, exchange.session().client.address);
  *at++ = ' ';
  at = put(at, result_code(exchange, request.method));
  *at++ = '/';
  at = put_status(at, exchange.status);
  *at++ = ' ';
  at = put(at, exchange.sent);
  *at++ = ' ';
  out.append(piece, at);
  if (request.method.empty()) {
    out += "NONE error:invalid-request";
  } else {
    append_word(out, request.method);
    out += ' ';
    append_word(out, site_of(exchange));
    append_word(
        out, request.target.empty() ? std::string_view("error:invalid-request") : request.target);
  }
  out += ' ';
  append_word(out, exchange.asker->identity.empty() ? std::string_view("-")
                                                    : std::string_view(exchange.asker->identity));
  at = put(piece, " ");
  if (exchange.peer.port != 0) {
    at = put(at, "HIER_DIRECT/");
    at = put(at, exchange.peer.address);
  } else {
    at = put(at, "HIER_NONE/-");
  }
  at = put(at, " -");
  out.append(piece, at);
}

}  // namespace weir::journal
