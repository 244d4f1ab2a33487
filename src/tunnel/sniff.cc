#include "tunnel/sniff.h"

#include <algorithm>

#include "base/text.h"
#include "codec/http1/request_start.h"
#include "http/target_parse.h"

namespace weir::tunnel {

using http::FieldId;

Carries Sniffer::look(std::string_view bytes) {
  if (bytes.empty()) return Carries::undecided;
  const bool may_be_tls = bytes.size() == 1 && bytes[0] >= '\x14' && bytes[0] <= '\x17';
  if (may_be_tls) return Carries::undecided;
  if (begins_tls(bytes)) {
    tls::ClientHello hello;
    switch (tls::parse_client_hello(bytes, hello)) {
      case tls::Seen::need_more: return Carries::undecided;
      case tls::Seen::not_tls: return Carries::bad_tls;
      case tls::Seen::hello: break;
    }
    hello_ = std::move(hello);
    return Carries::tls;
  }
  if (!http_matters_) return Carries::opaque;
  if (!first_line_) {
    const Carries line = look_at_line(bytes);
    if (line != Carries::http) return line;
    first_line_ = true;
    seen_ = 0;
  }
  return look_at_head(bytes);
}

/// Returns `http` if the first line is an HTTP/1 request line, and `opaque` as soon as it can't
/// become one.
Carries Sniffer::look_at_line(std::string_view bytes) {
  switch (http1::start_of(bytes)) {
    case http1::Start::empty_line:
    case http1::Start::undecided: return Carries::undecided;
    case http1::Start::other: return Carries::opaque;
    case http1::Start::request: break;
  }
  const size_t begin = bytes.front() == '\r' ? 2 : 0;
  seen_ = std::max(seen_, begin);
  const size_t end = bytes.find('\n', seen_);
  for (size_t i = seen_; i < bytes.size() && i < end; ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c < 0x20 && c != '\r' && c != '\t') return Carries::opaque;
  }
  seen_ = bytes.size();
  if (end == std::string_view::npos) return Carries::undecided;
  std::string_view line = bytes.substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0") ? Carries::http
                                                                    : Carries::opaque;
}

Carries Sniffer::look_at_head(std::string_view bytes) {
  auto fed = parser_.feed(bytes.substr(seen_));
  if (!fed) return Carries::bad_http;
  seen_ += *fed;
  if (!parser_.done()) return Carries::undecided;
  http::RequestHead& head = *parser_.head();
  if (!http::parse_target(head)) return Carries::bad_http;
  for (const http::Field& field : head.fields.all()) {
    // Upgrades such as h2c are left to the client and the origin.
    if (field.id == FieldId::upgrade && !base::equal_ignoring_case(field.value(), "websocket"))
      return Carries::bad_http;
  }
  return Carries::http;
}

}  // namespace weir::tunnel
