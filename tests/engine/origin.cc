#include "engine/origin.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"

namespace weir::engine {

using async::Task;

namespace {

net::BoundSocket bind_one(const base::IpAddress& address) {
  auto bound = net::bind_listeners({address, 0}, 1);
  if (!bound || bound->front().listen() != 0) std::abort();
  return std::move(bound->front());
}

std::string value_of(std::string_view target, std::string_view name, std::string_view otherwise) {
  const std::string wanted = std::string(name) + "=";
  for (size_t at = target.find('?'); at != std::string_view::npos; at = target.find('&', at + 1)) {
    if (target.substr(at + 1).starts_with(wanted)) {
      const std::string_view rest = target.substr(at + 1 + wanted.size());
      return std::string(rest.substr(0, rest.find('&')));
    }
  }
  return std::string(otherwise);
}

std::string field_of(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && base::equal_ignoring_case(line.substr(0, colon), name))
      return std::string(base::trim(line.substr(colon + 1)));
  }
  return {};
}

}  // namespace

std::string content_of(size_t size) {
  static std::string known;
  for (size_t i = known.size(); i < size; ++i)
    known += static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return known.substr(0, size);
}

struct Origin::Wire {
  explicit Wire(int descriptor) : stream(descriptor) {}

  net::TcpStream stream;
  std::string in;
  int number = 0;
  int requests = 0;
  bool challenged = false, known = false;
  uint64_t* written = nullptr;
  int* resets = nullptr;

  /// Reads more; false at the end.
  Task<bool> more(size_t most = base::Block::kSmall) {
    auto block = base::Block::make(most);
    const ssize_t n = co_await stream.read(block, 0, async::Deadline::kNever);
    if (n < 0) ++*resets;
    if (n <= 0) co_return false;
    in.append(block->data(), static_cast<size_t>(n));
    co_return true;
  }
  Task<bool> write(std::string bytes, size_t piece = SIZE_MAX) {
    for (size_t at = 0; at < bytes.size();) {
      const size_t n = std::min({piece, bytes.size() - at, base::Block::kLarge});
      const ssize_t done = co_await stream.write(
          {base::Slice::copy_of(std::string_view(bytes).substr(at, n))}, 60'000, written);
      if (done < 0) co_return false;
      at += n;
      if (piece != SIZE_MAX) co_await async::Yield();
    }
    co_return true;
  }
  Task<bool> line(std::string& to) {
    size_t end;
    while ((end = in.find("\r\n")) == std::string::npos) {
      const bool got = co_await more();
      if (!got) co_return false;
    }
    to = in.substr(0, end);
    in.erase(0, end + 2);
    co_return true;
  }
  Task<bool> take(size_t size, std::string& to, size_t most, uint64_t& read) {
    while (size > 0) {
      if (in.empty()) {
        const bool got = co_await more(most);
        if (!got) co_return false;
        if (most < base::Block::kSmall) co_await async::Yield();
      }
      const size_t n = std::min(size, in.size());
      to.append(in, 0, n);
      in.erase(0, n);
      size -= n;
      read += n;
    }
    co_return true;
  }
  /// Reads the request's content into `to`, and the trailers as lines.
  Task<bool> content(std::string head, std::string& to, std::string& trailers, size_t most,
                     uint64_t& read) {
    if (const std::string length = field_of(head, "Content-Length"); !length.empty()) {
      co_return co_await take(std::strtoull(length.c_str(), nullptr, 10), to, most, read);
    }
    if (field_of(head, "Transfer-Encoding").empty()) co_return true;
    for (;;) {
      std::string size, nothing;
      bool got = co_await line(size);
      if (!got) co_return false;
      const size_t n = std::strtoull(size.c_str(), nullptr, 16);
      if (n == 0) break;
      got = co_await take(n, to, most, read);
      if (!got) co_return false;
      got = co_await line(nothing);
      if (!got || !nothing.empty()) co_return false;
    }
    for (;;) {
      std::string one;
      const bool got = co_await line(one);
      if (!got) co_return false;
      if (one.empty()) co_return true;
      trailers += one + "\n";
    }
  }
};

Origin::Origin(const base::IpAddress& address, std::string speaks_first)
    : speaks_first_(std::move(speaks_first)), listener_(bind_one(address)) {
  accepting_.spawn(accept_clients());
}

Task<void> Origin::accept_clients() {
  for (;;) {
    const ssize_t ready = co_await listener_.until_readable(async::Deadline::kNever);
    if (ready < 0) co_return;
    if (const auto one = listener_.accept()) {
      net::prepare_socket(one->descriptor, {});
      connections_.spawn(serve(one->descriptor));
    }
  }
}

Task<void> Origin::serve(int descriptor) {
  Wire wire(descriptor);
  wire.number = ++accepted;
  last_ = descriptor;
  wire.written = &written;
  wire.resets = &resets;
  if (!speaks_first_.empty()) {
    const bool sent = co_await wire.write(speaks_first_);
    if (!sent) co_return;
  }
  for (;;) {
    while (wire.in.empty()) {
      const bool got = co_await wire.more();
      if (!got) co_return;
    }
    if (wire.in.front() <= '\x05' || !speaks_first_.empty()) {
      co_await give_back(wire);
      co_return;
    }
    size_t end;
    while ((end = wire.in.find("\r\n\r\n")) == std::string::npos) {
      const bool got = co_await wire.more();
      if (!got) co_return;
    }
    const std::string head = wire.in.substr(0, end + 4);
    wire.in.erase(0, end + 4);
    heads.push_back(head);
    ++wire.requests;
    const bool goes_on = co_await answer(wire, head);
    if (!goes_on) co_return;
  }
}

void Origin::say(std::string_view bytes) {
  (void)::send(last_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

Task<bool> Origin::give_back(Wire& wire) {
  for (;;) {
    if (!wire.in.empty()) {
      opaque += wire.in;
      std::string back = std::move(wire.in);
      wire.in.clear();
      const bool sent = co_await wire.write(std::move(back));
      if (!sent) co_return false;
    }
    const bool got = co_await wire.more();
    if (!got) break;
  }
  wire.stream.shut_down_writes();
  co_return false;
}

Task<bool> Origin::answer(Wire& wire, const std::string& head) {
  const size_t space = head.find(' ');
  const std::string method = head.substr(0, space);
  const std::string target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  const std::string kind = target.substr(0, target.find('?')).substr(1);
  const size_t size = std::strtoull(value_of(target, "size", "100").c_str(), nullptr, 10);
  size_t piece = std::strtoull(value_of(target, "piece", "0").c_str(), nullptr, 10);
  if (piece == 0) piece = SIZE_MAX;
  const auto ok = [](std::string fields) { return "HTTP/1.1 200 OK\r\n" + fields + "\r\n"; };
  const std::string length = "Content-Length: " + std::to_string(size) + "\r\n";
  const std::string content = method == "HEAD" ? std::string() : content_of(size);

  if (!field_of(head, "Upgrade").empty()) {
    const bool sent = co_await wire.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    if (!sent) co_return false;
    co_return co_await give_back(wire);
  }
  if (kind == "silent") {
    while (co_await wire.more()) wire.in.clear();
    co_return false;
  }
  if (kind == "gone" || (kind == "stale" && wire.requests > 1)) co_return false;
  if (kind == "bad") {
    co_await wire.write("HTTP/1.1 2000 OK\r\nContent Length : 5\r\n\r\nhello");
    co_return false;
  }
  if (kind == "early" || kind == "early-close") {
    const bool closes = kind == "early-close";
    const bool sent =
        co_await wire.write("HTTP/1.1 413 Content Too Large\r\n" + length +
                                (closes ? "Connection: close\r\n" : "") + "\r\n" + content,
                            piece);
    if (!sent) co_return false;
    if (closes) {
      wire.stream.shut_down_writes();
      while (co_await wire.more()) wire.in.clear();
      co_return false;
    }
    std::string got, trailers;
    co_return co_await wire.content(head, got, trailers, base::Block::kSmall, read);
  }
  if (kind == "continue") {
    const bool sent = co_await wire.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return false;
  }
  std::string got, trailers;
  const bool whole = co_await wire.content(head, got, trailers,
                                           kind == "slow-echo" ? 512 : base::Block::kSmall, read);
  if (!whole) co_return false;
  if (kind == "echo" || kind == "slow-echo" || kind == "continue") {
    const std::string said = std::to_string(got.size()) +
                             (got == content_of(got.size()) ? " right\n" : " wrong\n") + trailers;
    co_return co_await wire.write(
        ok("Content-Length: " + std::to_string(said.size()) + "\r\n") + said, piece);
  }
  if (kind == "ntlm") {
    const std::string login = field_of(head, "Authorization");
    if (login == "NTLM two" && wire.challenged) wire.known = true;
    if (!wire.known) {
      wire.challenged = login == "NTLM one";
      co_return co_await wire.write("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM" +
                                    std::string(wire.challenged ? " challenge" : "") +
                                    "\r\nContent-Length: 0\r\n\r\n");
    }
    const std::string said = "user " + std::to_string(wire.number);
    co_return co_await wire.write(ok("Content-Length: " + std::to_string(said.size()) + "\r\n") +
                                  said);
  }
  if (kind == "empty") co_return co_await wire.write("HTTP/1.1 204 No Content\r\n\r\n");
  if (kind == "unchanged")
    co_return co_await wire.write("HTTP/1.1 304 Not Modified\r\n" + length + "\r\n");
  if (kind == "hints") {
    const bool sent =
        co_await wire.write("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
    if (!sent) co_return false;
    co_await async::Yield();
  }
  if (kind == "break" || kind == "reset" || kind == "stall") {
    const bool sent = co_await wire.write(ok(length) + content.substr(0, size / 2), piece);
    if (!sent || kind == "break") co_return false;
    if (kind == "reset") {
      wire.stream.abort();
      co_return false;
    }
    while (co_await wire.more()) wire.in.clear();
    co_return false;
  }
  if (kind == "close") {
    co_await wire.write(ok("") + content, piece);
    co_return false;
  }
  if (kind == "chunked") {
    bool sent = co_await wire.write(
        ok(std::string("Transfer-Encoding: chunked\r\n") +
           (value_of(target, "trailers", "").empty() ? "" : "Trailer: X-Sum\r\n")));
    for (size_t at = 0; sent && at < content.size();) {
      const size_t n = std::min({piece, content.size() - at, size_t{50'000}});
      char digits[20];
      const auto end = std::to_chars(digits, digits + sizeof digits, n, 16).ptr;
      sent =
          co_await wire.write(std::string(digits, end) + "\r\n" + content.substr(at, n) + "\r\n");
      at += n;
      if (piece != SIZE_MAX) co_await async::Yield();
    }
    if (!sent || !value_of(target, "cut", "").empty()) co_return false;
    if (method == "HEAD") co_return true;
    co_return co_await wire.write(value_of(target, "trailers", "").empty()
                                      ? "0\r\n\r\n"
                                      : "0\r\nX-Sum: " + std::to_string(size) + "\r\n\r\n");
  }
  const bool once = kind == "once";
  if (kind == "extra") piece = SIZE_MAX;  // The extra bytes come with the answer's end.
  const bool sent =
      co_await wire.write(ok(length + (once ? "Connection: close\r\n" : "")) + content +
                              (kind == "extra" ? "HTTP/1.1 200 OK\r\n\r\n" : ""),
                          piece);
  co_return sent && !once;
}

}  // namespace weir::engine
