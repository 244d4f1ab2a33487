// A name server for tests. It runs on the same event loop as the code under test.
#pragma once
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/event_loop.h"
#include "base/clock.h"
#include "base/ip.h"

namespace weir::net {

/// Builds DNS messages, also malformed ones.
class DnsMessage {
 public:
  DnsMessage(uint16_t id, uint16_t flags, std::string_view name, uint16_t type) {
    for (const uint16_t word : {id, flags, uint16_t{1}, uint16_t{0}, uint16_t{0}, uint16_t{0}})
      u16(word);
    this->name(name);
    u16(type);
    u16(1);
  }
  DnsMessage& address(std::string_view owner, uint32_t ttl, std::string_view text) {
    const auto address = *base::IpAddress::parse(text);
    return record(
        owner, address.is_v4() ? 1 : 28, ttl,
        std::string(reinterpret_cast<const char*>(address.bytes().data()), address.size()));
  }
  DnsMessage& alias(std::string_view owner, uint32_t ttl, std::string_view target) {
    return record(owner, 5, ttl, encoded(target));
  }
  DnsMessage& soa(std::string_view owner, uint32_t ttl, uint32_t minimum) {
    std::string data = encoded("ns." + std::string(owner)) + encoded("root." + std::string(owner)) +
                       std::string(16, '\0');
    for (int shift = 24; shift >= 0; shift -= 8)
      data.push_back(static_cast<char>(minimum >> shift));
    record(owner, 6, ttl, data, 9);
    return *this;
  }
  /// `count_at` is the offset of the section's counter: 7 for answers, 9 for authorities.
  DnsMessage& record(std::string_view owner, uint16_t type, uint32_t ttl, const std::string& data,
                     size_t count_at = 7) {
    name(owner);
    u16(type);
    u16(1);
    u16(static_cast<uint16_t>(ttl >> 16));
    u16(static_cast<uint16_t>(ttl));
    u16(static_cast<uint16_t>(data.size()));
    bytes += data;
    ++bytes[count_at];
    return *this;
  }
  static std::string encoded(std::string_view name) {
    std::string out;
    while (!name.empty()) {
      const size_t end = std::min(name.find('.'), name.size());
      out.push_back(static_cast<char>(end));
      out += name.substr(0, end);
      name.remove_prefix(std::min(end + 1, name.size()));
    }
    out.push_back('\0');
    return out;
  }
  std::string bytes;

 private:
  void u16(uint16_t value) {
    bytes.push_back(static_cast<char>(value >> 8));
    bytes.push_back(static_cast<char>(value));
  }
  void name(std::string_view text) { bytes += encoded(text); }
};

/// Listens on UDP and TCP, on a port of 127.0.0.1 that the kernel chose.
class FakeNameServer {
 public:
  static constexpr uint16_t kResponse = 0x8180, kTruncated = 0x8380;

  struct Query {
    std::string name;
    uint16_t type;
    uint16_t id;
    bool tcp;
    base::IpFamily family() const { return type == 1 ? base::IpFamily::v4 : base::IpFamily::v6; }
    DnsMessage reply(uint16_t rcode = 0, uint16_t flags = kResponse) const {
      return DnsMessage(id, static_cast<uint16_t>(flags | rcode), name, type);
    }
  };
  struct Reply {
    std::string bytes;  // Empty: silence.
    uint64_t delay_ms = 0;
    Reply() = default;
    Reply(const DnsMessage& message, uint64_t delay_ms = 0)
        : bytes(message.bytes), delay_ms(delay_ms) {}
  };
  using Answer = std::function<Reply(const Query&)>;

  explicit FakeNameServer(Answer answer)
      : answer_(std::move(answer)),
        tcp_(*this, SOCK_STREAM),
        udp_(*this, SOCK_DGRAM, tcp_.port()) {}

  base::Endpoint endpoint() const { return {base::IpAddress::v4(127, 0, 0, 1), udp_.port()}; }
  std::vector<Query> queries;

 private:
  struct Socket final : async::EventSink {
    Socket(FakeNameServer& server, int type, uint16_t port = 0)
        : server(server), type(type), descriptor(socket(AF_INET, type | SOCK_NONBLOCK, 0)) {
      sockaddr_storage address{};
      const socklen_t size =
          base::Endpoint{base::IpAddress::v4(127, 0, 0, 1), port}.to_sockaddr(address);
      if (bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) != 0) perror("bind");
      if (type == SOCK_STREAM) listen(descriptor, 16);
      slot = async::EventLoop::current().add(descriptor, *this);
    }
    Socket(FakeNameServer& server, int accepted, bool)
        : server(server), type(0), descriptor(accepted) {
      slot = async::EventLoop::current().add(descriptor, *this);
    }
    ~Socket() {
      async::EventLoop::current().remove(slot);
      close(descriptor);
    }
    uint16_t port() const {
      sockaddr_in address{};
      socklen_t size = sizeof address;
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
      return ntohs(address.sin_port);
    }
    void on_events(uint32_t) override {
      if (type == SOCK_DGRAM) server.read_udp();
      if (type == SOCK_STREAM) server.accept_tcp();
      if (type == 0) read_tcp();
    }
    void read_tcp() {
      char chunk[2048];
      for (ssize_t n; (n = recv(descriptor, chunk, sizeof chunk, 0)) > 0;)
        got.append(chunk, static_cast<size_t>(n));
      while (got.size() >= 2) {
        const size_t size =
            static_cast<size_t>(static_cast<uint8_t>(got[0]) << 8 | static_cast<uint8_t>(got[1]));
        if (got.size() < size + 2) return;
        const std::string reply =
            server.reply_to(std::string_view(got).substr(2, size), true).bytes;
        got.erase(0, size + 2);
        if (reply.empty()) continue;
        // In two pieces, so that the reader has to read twice.
        const std::string framed =
            std::string{static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())} +
            reply;
        send(descriptor, framed.data(), 1, MSG_NOSIGNAL);
        send(descriptor, framed.data() + 1, framed.size() - 1, MSG_NOSIGNAL);
      }
    }
    FakeNameServer& server;
    int type;
    int descriptor;
    int64_t slot;
    std::string got;
  };
  struct Late : async::Deadline {
    Late(Expired expired) : Deadline(expired) {}
    FakeNameServer* server = nullptr;
    std::string bytes;
    sockaddr_in to{};
  };

  Reply reply_to(std::string_view message, bool tcp) {
    Query query{"", 0,
                static_cast<uint16_t>(static_cast<uint8_t>(message[0]) << 8 |
                                      static_cast<uint8_t>(message[1])),
                tcp};
    size_t at = 12;
    while (message[at] != 0) {
      if (!query.name.empty()) query.name += '.';
      query.name += message.substr(at + 1, static_cast<size_t>(message[at]));
      at += 1 + static_cast<size_t>(message[at]);
    }
    query.type = static_cast<uint16_t>(static_cast<uint8_t>(message[at + 1]) << 8 |
                                       static_cast<uint8_t>(message[at + 2]));
    queries.push_back(query);
    return answer_(query);
  }
  void read_udp() {
    char bytes[2048];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    for (ssize_t n; (n = recvfrom(udp_.descriptor, bytes, sizeof bytes, 0,
                                  reinterpret_cast<sockaddr*>(&from), &size)) > 0;
         size = sizeof from) {
      Reply reply = reply_to({bytes, static_cast<size_t>(n)}, false);
      if (reply.bytes.empty()) continue;
      auto late = std::make_unique<Late>([](async::Deadline& self) {
        auto& late = static_cast<Late&>(self);
        late.server->send_udp(late);
      });
      late->server = this;
      late->bytes = std::move(reply.bytes);
      late->to = from;
      if (reply.delay_ms == 0) {
        send_udp(*late);
      } else {
        late->set(base::monotonic_ms() + reply.delay_ms);
        late_.push_back(std::move(late));
      }
    }
  }
  void send_udp(const Late& late) {
    sendto(udp_.descriptor, late.bytes.data(), late.bytes.size(), 0,
           reinterpret_cast<const sockaddr*>(&late.to), sizeof late.to);
  }
  void accept_tcp() {
    for (int accepted;
         (accepted = accept4(tcp_.descriptor, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      connections_.push_back(std::make_unique<Socket>(*this, accepted, true));
    }
  }

  Answer answer_;
  // The TCP socket chooses the port: many TCP ports are in use, but few UDP ports.
  Socket tcp_;
  Socket udp_;
  std::vector<std::unique_ptr<Socket>> connections_;
  std::vector<std::unique_ptr<Late>> late_;
};

}  // namespace weir::net
