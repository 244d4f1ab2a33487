#include "codec/tls/client_hello.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/hash.h"
#include "base/ip.h"
#include "base/text.h"
#include "http/target_parse.h"

namespace weir::tls {
namespace {

constexpr size_t kRecordHeader = 5;
constexpr size_t kHandshakeHeader = 4;
/// No client cuts a ClientHello into more records than this, and to look at more would cost too
/// much.
constexpr size_t kMostRecords = 64;

constexpr uint16_t kServerName = 0;
constexpr uint16_t kGroups = 10;
constexpr uint16_t kSignatureSchemes = 13;
constexpr uint16_t kAlpn = 16;
constexpr uint16_t kVersions = 43;
constexpr uint16_t kEncryptedHello = 0xfe0d;

/// Takes parts off the front. Once a part is longer than what is left, ok() stays false and all
/// further parts are empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty(); }
  std::string_view take(size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }
  /// A number of `size` bytes.
  uint32_t number(size_t size) {
    uint32_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  /// A part that stands after its length, a number of `size` bytes.
  std::string_view vector(size_t size) { return take(number(size)); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

bool read_server_name(std::string_view extension, ClientHello& hello) {
  Reader reader(extension);
  Reader list(reader.vector(2));
  bool seen = false;
  while (list.ok() && !list.empty()) {
    const uint32_t type = list.number(1);
    std::string_view name = list.vector(2);
    if (type != 0) continue;
    if (seen) return false;
    seen = true;
    if (name.ends_with('.')) name.remove_suffix(1);
    const bool readable = http::is_host_name(name);
    if (readable) hello.sni = base::to_lower(name);
    // RFC 6066, 3 forbids addresses, and some clients send them: they name no server.
    hello.sni_unreadable = !readable && !base::IpAddress::parse(name);
  }
  return reader.ok() && reader.empty() && list.ok() && seen;
}

bool read_alpn(std::string_view extension, ClientHello& hello) {
  Reader reader(extension);
  Reader list(reader.vector(2));
  while (list.ok() && !list.empty()) {
    const std::string_view protocol = list.vector(1);
    if (protocol.empty()) return false;
    if (hello.alpn.size() < kMostProtocols) hello.alpn.emplace_back(protocol);
  }
  return reader.ok() && reader.empty() && list.ok();
}

/// Extensions that come and go with names, sessions, sizes and retries.
bool tells_no_program(uint32_t type) {
  constexpr uint32_t kOthers[] = {kServerName, kAlpn, 21, 35, 41, 42, 44};
  return std::ranges::find(kOthers, type) != std::end(kOthers);
}

/// Gathers what ClientHello::shape is made of. Sums do not depend on the order, which browsers
/// change with each connection.
class Shape {
 public:
  void add(char kind, uint32_t value) {
    // Values that mean nothing, so that servers learn to ignore what they don't know (RFC 8701).
    if ((value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff)) return;
    const char bytes[] = {kind, static_cast<char>(value >> 8), static_cast<char>(value)};
    sum_ += base::hash_of({bytes, sizeof bytes});
  }
  void add_all(char kind, std::string_view list) {
    for (Reader reader(list); !reader.empty();) add(kind, reader.number(2));
  }
  void add_extension(uint32_t type, std::string_view content) {
    if (tells_no_program(type)) return;
    add('e', type);
    const size_t length = type == kVersions ? 1 : 2;
    if (type == kVersions || type == kGroups || type == kSignatureSchemes)
      add_all(static_cast<char>(type), Reader(content).vector(length));
  }
  uint64_t value() const { return sum_; }

 private:
  uint64_t sum_ = 0;
};

bool read_hello(std::string_view body, ClientHello& hello) {
  Reader reader(body);
  if (reader.number(2) >> 8 != 3) return false;
  reader.take(32);
  if (reader.vector(1).size() > 32) return false;
  const std::string_view suites = reader.vector(2);
  if (suites.empty() || suites.size() % 2 != 0) return false;
  Shape shape;
  shape.add_all('c', suites);
  hello.shape = shape.value();
  if (reader.vector(1).empty() || !reader.ok()) return false;
  if (reader.empty()) return true;
  Reader extensions(reader.vector(2));
  bool name_seen = false;
  bool alpn_seen = false;
  while (extensions.ok() && !extensions.empty()) {
    const uint32_t type = extensions.number(2);
    const std::string_view extension = extensions.vector(2);
    if (!extensions.ok()) return false;
    shape.add_extension(type, extension);
    // Two of one kind are forbidden (RFC 8446, 4.2); which one the server takes can't be known.
    if (type == kServerName) {
      if (std::exchange(name_seen, true) || !read_server_name(extension, hello)) return false;
    } else if (type == kAlpn) {
      if (std::exchange(alpn_seen, true) || !read_alpn(extension, hello)) return false;
    } else if (type == kEncryptedHello) {
      hello.encrypted = true;
    }
  }
  hello.shape = shape.value();
  return extensions.ok() && reader.ok() && reader.empty();
}

}  // namespace

Seen parse_client_hello(std::string_view bytes, ClientHello& hello) {
  const auto byte = [&](size_t i) {
    return static_cast<size_t>(static_cast<unsigned char>(bytes[i]));
  };
  // First find out how far the message reaches, from the records' headers alone. Then, once it is
  // all there, read it.
  size_t wanted = 0;  // Handshake header and body; 0: not known yet.
  size_t gathered = 0;
  std::string header;
  size_t at = 0;
  for (size_t records = 0;; ++records) {
    if (records == kMostRecords) return Seen::not_tls;
    const size_t there = std::min(bytes.size() - at, kRecordHeader);
    if (there > 0 && byte(at) != 0x16) return Seen::not_tls;
    if (there > 1 && byte(at + 1) != 3) return Seen::not_tls;
    if (there < kRecordHeader)
      return bytes.size() >= kLargestHello ? Seen::not_tls : Seen::need_more;
    const size_t length = byte(at + 3) << 8 | byte(at + 4);
    if (length == 0 || length > 16 * 1024) return Seen::not_tls;
    at += kRecordHeader;
    const size_t here = std::min(length, bytes.size() - at);
    if (header.size() < kHandshakeHeader) {
      header += bytes.substr(at, std::min(here, kHandshakeHeader - header.size()));
      if (!header.empty() && header[0] != 1) return Seen::not_tls;
      if (header.size() == kHandshakeHeader) {
        Reader reader(std::string_view(header).substr(1));
        wanted = reader.number(3) + kHandshakeHeader;
        if (wanted > kLargestHello) return Seen::not_tls;
      }
    }
    gathered += here;
    if (wanted > 0 && gathered >= wanted) break;
    if (here < length) return bytes.size() >= kLargestHello ? Seen::not_tls : Seen::need_more;
    at += length;
  }
  std::string message;
  message.reserve(wanted);
  for (at = 0; message.size() < wanted;) {
    const size_t length = byte(at + 3) << 8 | byte(at + 4);
    at += kRecordHeader;
    message += bytes.substr(at, std::min(length, wanted - message.size()));
    at += length;
  }
  hello = {};
  if (read_hello(std::string_view(message).substr(kHandshakeHeader), hello)) return Seen::hello;
  hello = {};
  return Seen::not_tls;
}

}  // namespace weir::tls
