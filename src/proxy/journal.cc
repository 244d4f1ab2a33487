#include "proxy/journal.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

#include "base/text.h"

namespace weir::proxy {
namespace {

constexpr size_t kBatch = 32 * 1024;
constexpr uint64_t kFlushMs = 100;

/// A line is made in one piece of memory of its own; this is where the next byte goes. Callers have made room.
char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}
char* put(char* at, uint64_t number) { return std::to_chars(at, at + 24, number).ptr; }
char* put(char* at, const base::IpAddress& address) {
  if (!address.is_v4()) return put(at, address.text());
  const auto& bytes = address.bytes();
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = put(at, uint64_t{bytes[i]});
  }
  return at;
}

void append_quoted(std::string& out, std::string_view text) {
  if (text.empty()) text = "-";
  out += '"';
  base::append_escaped_for_log(out, text);
  out += '"';
}

}  // namespace

WorkerJournal::WorkerJournal(AccessLog& log) : log_(log), flush_(*this) {}

WorkerJournal::~WorkerJournal() { flush(); }

void WorkerJournal::flush() {
  if (batch_.empty()) return;
  log_.submit(std::move(batch_), lines_);
  batch_.clear();
  lines_ = 0;
}

/// `[24/Nov/2026:23:16:56 +0000]`, made once a second.
void WorkerJournal::append_time(int64_t wall_ms) {
  const int64_t second = wall_ms / 1000;
  if (second != time_second_) {
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t when = second;
    tm local{};
    localtime_r(&when, &local);
    // Months by hand: the format's are English in every locale.
    char text[64];
    const long minutes = local.tm_gmtoff / 60;
    const long positive = minutes < 0 ? -minutes : minutes;
    const int size = snprintf(text, sizeof text, "[%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld]", local.tm_mday, kMonths[local.tm_mon],
                              local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec, minutes < 0 ? '-' : '+', positive / 60, positive % 60);
    time_text_.assign(text, static_cast<size_t>(size));
    time_second_ = second;
  }
  batch_ += time_text_;
}

void WorkerJournal::count(const http::Exchange& exchange) {
  ++totals_.requests;
  totals_.sent += exchange.sent;
  totals_.received += exchange.received;
  totals_.reused += exchange.reused_connection;
  ++totals_.by_status[std::min(exchange.status / 100, 5)];
  if (exchange.has_error()) {
    ++totals_.errors;
  } else if (std::string_view(exchange.ended()) == "complete") {
    ++totals_.complete;
  } else {
    ++totals_.client_closed;
  }
}

void WorkerJournal::record(const http::Exchange& exchange) {
  count(exchange);
  if (batch_.empty()) flush_.set(async::EventLoop::current().now_ms() + kFlushMs);
  std::string& out = batch_;
  char piece[256];
  char* at = put(piece, exchange.session->client.address);
  at = put(at, " - - ");
  out.append(piece, at);
  append_time(exchange.started_wall_ms);
  out += ' ';
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
  at = exchange.status == 0 ? put(at, "000") : put(at, static_cast<uint64_t>(exchange.status));
  at = put(at, " ");
  at = put(at, exchange.sent);
  at = put(at, " ");
  out.append(piece, at);
  append_quoted(out, exchange.referer());
  out += ' ';
  append_quoted(out, exchange.user_agent());
  out += ' ';
  const std::string_view ended = exchange.ended();
  if (exchange.has_error()) {
    out += base::name_of(exchange.error_type());
  } else if (stopping_ && ended == "client_closed") {
    out += stopping_;
  } else {
    out += ended;
  }
  at = put(piece, " received=");
  at = put(at, exchange.received);
  at = put(at, " ms=");
  at = put(at, async::EventLoop::current().now_ms() - exchange.started_ms);
  if (exchange.peer.port != 0) {
    const bool brackets = !exchange.peer.address.is_v4();
    at = put(at, brackets ? " origin=[" : " origin=");
    at = put(at, exchange.peer.address);
    at = put(at, brackets ? "]:" : ":");
    at = put(at, uint64_t{exchange.peer.port});
    if (exchange.reused_connection) at = put(at, " reused=1");
  }
  out.append(piece, at);
  if (!exchange.sni.empty()) {
    out += " sni=";
    base::append_escaped_for_log(out, exchange.sni);
  }
  out += '\n';
  ++lines_;
  if (batch_.size() >= kBatch) flush();
}

}  // namespace weir::proxy
