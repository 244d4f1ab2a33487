// The origin of the benchmark: one thread, with answers made in advance. It serves /1k, /64k and
// /10m by HTTP/1.1 and drops content; or, if the first byte of a connection says so, it is an echo
// or a source of bytes (sockets.h). /held lacks its last byte, for ever. Prints its port.
//   origin PORT [IDENTITY [TICKETS [close]]]
// With a file of certificate and key it speaks TLS, and gives so many session tickets (2) after a
// handshake; with "close" it ends each connection after one response.
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channel.h"
#include "sockets.h"

namespace weir::bench {
namespace {

constexpr size_t kScratch = 256 * 1024;
constexpr size_t kShare =
    1024 * 1024;  // What one connection sends before the others have their turn.
constexpr size_t kMostHead = 64 * 1024;

enum class Purpose { unknown, http, echo, source };

struct Connection {
  explicit Connection(int of) : channel(of) {}
  Channel channel;
  Purpose purpose = Purpose::unknown;
  std::string input;          // Bytes that are not yet parsed or echoed.
  uint64_t content_left = 0;  // Content of a request that is still to be dropped.
  const std::string* response = nullptr;
  size_t response_sent = 0;
  uint64_t filler_left = 0;
  bool last = false;        // Ends after the response.
  bool to_the_end = false;  // The peer has ended: read on after a short read.
};

/// With `more` fields. Of the content the last `held_back` bytes are missing.
std::string response_of(size_t size, std::string_view more, size_t held_back = 0) {
  std::string out =
      "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sun, 01 Nov 2026 12:00:00 GMT\r\nContent-Type: "
      "application/octet-stream\r\n";
  out += "Cache-Control: no-store\r\nContent-Length: " + std::to_string(size) + "\r\n";
  (out += more) += "\r\n";
  out.resize(out.size() + size - held_back, 'x');
  return out;
}

/// The value of a field, without the space around it; empty if the field is missing. `name`
/// includes the colon.
std::string_view field_of(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    if (strncasecmp(head.data() + at, name.data(), std::min(name.size(), head.size() - at)) != 0)
      continue;
    std::string_view value = head.substr(std::min(head.size(), at + name.size()));
    value = value.substr(0, value.find("\r\n"));
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

class Origin {
 public:
  /// `tls` may be null.
  Origin(uint16_t port, TlsContext tls, bool closes)
      : listener_(listen_on(port)), tls_(std::move(tls)), closes_(closes) {
    announce(epoll_, listener_);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, again_.empty() ? -1 : 0);
      std::vector<Connection*> again;
      again.swap(again_);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept_all();
        } else {
          auto* connection = static_cast<Connection*>(events[i].data.ptr);
          std::erase(again, connection);
          if ((events[i].events & EPOLLRDHUP) != 0) connection->to_the_end = true;
          if (!drive(*connection)) end(connection);
        }
      }
      for (Connection* connection : again) {
        if (!drive(*connection)) end(connection);
      }
    }
  }

 private:
  void accept_all() {
    for (int descriptor = accept_from(listener_); descriptor >= 0;
         descriptor = accept_from(listener_)) {
      auto* connection = new Connection(descriptor);
      if (tls_) connection->channel.secure(tls_.get());
      watch(epoll_, descriptor, connection);
    }
  }

  static void end(Connection* connection) { delete connection; }

  /// Goes on as far as possible. False if the connection has ended.
  bool drive(Connection& c) {
    bool drained = false;
    for (;;) {
      switch (send_some(c)) {
        case Sent::all: break;
        case Sent::some: return true;
        case Sent::failed: return false;
      }
      if (c.last && c.content_left == 0) return false;
      if (begin_next(c)) continue;
      if (drained && !c.to_the_end) return true;
      const ssize_t got =
          c.channel.receive(scratch_.get(), kScratch, c.content_left >= kScratch ? MSG_TRUNC : 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      drained = static_cast<size_t>(got) < kScratch && !c.channel.is_secure();
      if (!take(c, {scratch_.get(), static_cast<size_t>(got)})) return false;
    }
  }

  enum class Sent { all, some, failed };
  Sent send_some(Connection& c) {
    size_t share = kShare;
    while (c.response != nullptr || c.filler_left > 0) {
      const char* from =
          c.response != nullptr ? c.response->data() + c.response_sent : filler_.data();
      const size_t left = c.response != nullptr ? c.response->size() - c.response_sent
                                                : std::min<uint64_t>(c.filler_left, filler_.size());
      if (share == 0) {
        again_.push_back(&c);
        return Sent::some;
      }
      const ssize_t sent = c.channel.send(from, std::min(left, share));
      if (sent < 0) return errno == EAGAIN || errno == EINTR ? Sent::some : Sent::failed;
      share -= static_cast<size_t>(sent);
      if (c.response == nullptr) {
        c.filler_left -= static_cast<uint64_t>(sent);
      } else if ((c.response_sent += static_cast<size_t>(sent)) == c.response->size()) {
        c.response = nullptr;
        c.response_sent = 0;
      }
    }
    return Sent::all;
  }

  /// Handles new bytes. False if they are invalid.
  bool take(Connection& c, std::string_view bytes) {
    if (c.content_left > 0) {
      const size_t part = std::min<uint64_t>(c.content_left, bytes.size());
      c.content_left -= part;
      bytes.remove_prefix(part);
      if (c.content_left == 0) c.response = &small_;
    }
    if (bytes.empty()) return true;
    if (c.purpose == Purpose::unknown) {
      c.purpose = bytes[0] == kEcho     ? Purpose::echo
                  : bytes[0] == kSource ? Purpose::source
                                        : Purpose::http;
    }
    if (c.purpose == Purpose::echo && c.input.empty()) {
      const ssize_t sent = c.channel.send(bytes.data(), bytes.size());
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    }
    c.input.append(bytes);
    return c.purpose == Purpose::echo || c.input.size() <= kScratch + kMostHead;
  }

  /// Makes the next output from the input. False if more input is needed.
  bool begin_next(Connection& c) {
    if (c.content_left > 0 || c.input.empty()) return false;
    if (c.purpose == Purpose::echo) {
      const ssize_t sent = c.channel.send(c.input.data(), c.input.size());
      if (sent > 0) c.input.erase(0, static_cast<size_t>(sent));
      return false;
    }
    if (c.purpose == Purpose::source) {
      if (c.input.size() < kCommandBytes) return false;
      std::memcpy(&c.filler_left, c.input.data() + 1, sizeof c.filler_left);
      c.input.erase(0, kCommandBytes);
      return true;
    }
    const size_t end = c.input.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    answer(c, std::string_view(c.input).substr(0, end + 2));
    c.input.erase(0, end + 4);
    if (c.content_left > 0) {
      std::string rest;
      rest.swap(c.input);
      take(c, rest);
      return c.response != nullptr;
    }
    return true;
  }

  void answer(Connection& c, std::string_view head) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::string_view target = line.substr(0, line.rfind(' '));
    const std::string_view name = target.substr(std::min(target.size(), target.rfind('/')));
    const std::string_view connection = field_of(head, "Connection:");
    const bool old = line.ends_with("HTTP/1.0");
    c.last = old ? strncasecmp(connection.data(), "keep-alive",
                               std::min<size_t>(connection.size(), 10)) != 0 ||
                       connection.empty()
                 : connection.starts_with("close") || connection.starts_with("Close");
    c.last |= closes_;
    const std::string_view length = field_of(head, "Content-Length:");
    c.content_left = length.empty() ? 0 : std::strtoull(length.data(), nullptr, 10);
    if (c.content_left > 0) return;  // The response follows the content.
    c.response = name == "/1k"     ? &kilobyte_
                 : name == "/64k"  ? &medium_
                 : name == "/10m"  ? &large_
                 : name == "/held" ? &held_
                                   : &small_;
  }

  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int listener_;
  TlsContext tls_;
  bool closes_;
  std::vector<Connection*> again_;
  std::unique_ptr<char[]> scratch_ = std::make_unique<char[]>(kScratch);
  std::string filler_ = std::string(kScratch, 'x');
  std::string_view more_ = closes_ ? "Connection: close\r\n" : "";
  std::string small_ = response_of(2, more_), kilobyte_ = response_of(1024, more_),
              medium_ = response_of(64 * 1024, more_),
              large_ = response_of(10 * 1024 * 1024, more_);
  // nginx would wait for the rest.
  std::string held_ = response_of(1025, "X-Accel-Buffering: no\r\n", 1);
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  raise_descriptor_limit();
  const bool closes = argc > 4 && std::string_view(argv[4]) == "close";
  const size_t tickets = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 2;
  Origin origin(port_from(argc > 1 ? argv[1] : "0"),
                argc > 2 ? server_tls(argv[2], tickets) : nullptr, closes);
  origin.run();
}
