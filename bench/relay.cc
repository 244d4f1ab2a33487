// The lower bound: a relay that parses nothing. It opens a connection to a fixed port for every
// client, and copies bytes both ways.
//   relay PORT TARGET_PORT
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sockets.h"

namespace weir::bench {
namespace {

constexpr size_t kScratch = 64 * 1024;

struct Pair;

struct Side {
  int descriptor = -1;
  Side* other = nullptr;
  Pair* pair = nullptr;
  std::string pending;  // Bytes from the other side that did not fit into the socket.
  bool connecting = false;
  bool ended = false;  // No more bytes come from this side.
};

struct Pair {
  Side client, origin;
};

class Relay {
 public:
  Relay(uint16_t port, uint16_t target) : listener_(listen_on(port)), target_(target) {
    announce(epoll_, listener_);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept_all();
        } else {
          on_events(*static_cast<Side*>(events[i].data.ptr), events[i].events);
        }
      }
      for (Pair* pair : over_) delete pair;
      over_.clear();
    }
  }

 private:
  void accept_all() {
    for (int descriptor = accept_from(listener_); descriptor >= 0;
         descriptor = accept_from(listener_)) {
      const int origin = connect_to(target_);
      if (origin < 0) {
        close(descriptor);
        continue;
      }
      auto* pair = new Pair;
      pair->client.descriptor = descriptor;
      pair->client.other = &pair->origin;
      pair->origin.descriptor = origin;
      pair->origin.other = &pair->client;
      pair->client.pair = pair->origin.pair = pair;
      pair->origin.connecting = true;
      watch(epoll_, origin, &pair->origin);
      watch(epoll_, descriptor, &pair->client);
    }
  }

  void on_events(Side& side, uint32_t events) {
    if (side.descriptor < 0) return;
    if ((events & EPOLLOUT) != 0) side.connecting = false;
    if ((events & EPOLLERR) != 0) return end(side);
    if ((events & EPOLLOUT) != 0 && !side.pending.empty()) {
      const std::string rest = std::move(side.pending);
      side.pending.clear();
      if (!give(side, rest)) return end(side);
      if (side.pending.empty() && !pull(*side.other, true)) return end(side);
    }
    if ((events & EPOLLIN) != 0 && !pull(side, (events & EPOLLRDHUP) != 0)) end(side);
  }

  /// Copies bytes from `side` to the other side, until there are no more or they do not fit. False
  /// after a failure, or if both sides have ended.
  bool pull(Side& side, bool to_the_end) {
    Side& other = *side.other;
    while (!side.ended && other.pending.empty()) {
      const ssize_t got = recv(side.descriptor, scratch_.get(), kScratch, 0);
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (got == 0) {
        side.ended = true;
        shutdown(other.descriptor, SHUT_WR);
        return !other.ended;
      }
      if (!give(other, {scratch_.get(), static_cast<size_t>(got)})) return false;
      if (static_cast<size_t>(got) < kScratch && !to_the_end) return true;
    }
    return true;
  }

  static bool give(Side& side, std::string_view bytes) {
    if (!side.connecting) {
      const ssize_t sent = send(side.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    }
    if (!bytes.empty()) side.pending.append(bytes);
    return true;
  }

  void end(Side& side) {
    for (Side* each : {&side, side.other}) {
      close(each->descriptor);
      each->descriptor = -1;
    }
    over_.push_back(side.pair);
  }

  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int listener_;
  uint16_t target_;
  std::vector<Pair*> over_;  // Freed after the turn, as its events may refer to them.
  std::unique_ptr<char[]> scratch_ = std::make_unique<char[]>(kScratch);
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: relay PORT TARGET_PORT\n", stderr);
    return 2;
  }
  weir::bench::raise_descriptor_limit();
  weir::bench::Relay relay(weir::bench::port_from(argv[1]), weir::bench::port_from(argv[2]));
  relay.run();
}
