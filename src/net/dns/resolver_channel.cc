#include "net/dns/resolver_channel.h"

#include <ares.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "async/event_loop.h"

namespace weir::net {
namespace {

constexpr int kTypeA = 1, kTypeAaaa = 28, kClassIn = 1;

ResolverChannel::Said said_of(int status) {
  using Said = ResolverChannel::Said;
  switch (status) {
    case ARES_SUCCESS: return Said::answer;
    case ARES_ENOTFOUND:
    case ARES_EBADNAME: return Said::no_such_name;
    case ARES_ENODATA: return Said::no_data;
    case ARES_ETIMEOUT: return Said::timed_out;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return Said::nothing;
    default: return Said::failed;
  }
}

bool start_library() {
  static const bool started = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return started;
}

}  // namespace

/// A socket that c-ares opens and closes. The loop reports edges only. c-ares reads a UDP socket
/// until it is empty, but reads only one piece at a time from a TCP socket, and writes when it is
/// told to. So the flags here remember what the last system calls reported.
class ResolverChannel::Socket final : public async::EventSink {
 public:
  Socket(ResolverChannel& channel, int descriptor)
      : channel_(channel),
        descriptor_(descriptor),
        slot_(async::EventLoop::current().add(descriptor, *this)) {}
  Socket(const Socket&) = delete;
  ~Socket() {
    if (slot_ >= 0) async::EventLoop::current().remove(slot_);
    close(descriptor_);
  }
  int descriptor() const { return descriptor_; }
  int error() const { return slot_ < 0 ? static_cast<int>(-slot_) : 0; }
  bool has_work() const { return readable || (writable && wants_write); }

  bool readable = false;
  bool writable = false;
  bool wants_write = false;

 private:
  void on_events(uint32_t events) override {
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable = true;
    channel_.work();  // May destroy this.
  }

  ResolverChannel& channel_;
  int descriptor_;
  int64_t slot_;
};

struct ResolverChannel::Question {
  ResolverChannel* channel;
  base::Ref<Asker> asker;
};

struct ResolverChannel::Calls {
  static ResolverChannel& of(void* channel) { return *static_cast<ResolverChannel*>(channel); }

  static ares_socket_t open(int domain, int type, int protocol, void* channel) {
    const int descriptor = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    of(channel).no_descriptor_ = descriptor < 0 && (errno == EMFILE || errno == ENFILE);
    if (descriptor < 0) return -1;
    std::unique_ptr<Socket> opened;
    try {
      // No exception may pass through the library's frames, which are C.
      of(channel).sockets_.reserve(of(channel).sockets_.size() + 1);
      opened = std::make_unique<Socket>(of(channel), descriptor);
    } catch (const std::bad_alloc&) {
      ::close(descriptor);
      errno = ENOMEM;
      return -1;
    }
    if (const int error = opened->error(); error != 0) {
      opened.reset();
      errno = error;
      return -1;
    }
    of(channel).sockets_.push_back(std::move(opened));
    return descriptor;
  }

  static int close(ares_socket_t descriptor, void* channel) {
    std::erase_if(of(channel).sockets_,
                  [&](const auto& socket) { return socket->descriptor() == descriptor; });
    return 0;
  }

  static int connect(ares_socket_t descriptor, const sockaddr* to, ares_socklen_t size, void*) {
    return ::connect(descriptor, to, size);
  }

  static ares_ssize_t receive(ares_socket_t descriptor, void* to, size_t size, int flags,
                              sockaddr* from, ares_socklen_t* from_size, void* channel) {
    // A flood of replies must not hold up the worker: the rest is read in a later turn.
    if (--of(channel).reads_left_ < 0) {
      errno = EAGAIN;
      return -1;
    }
    const ssize_t n = recvfrom(descriptor, to, size, flags, from, from_size);
    const int error = errno;
    if (Socket* socket = of(channel).find(descriptor)) socket->readable = n >= 0 || error == EINTR;
    errno = error;
    return n;
  }

  static ares_ssize_t send(ares_socket_t descriptor, const iovec* pieces, int count,
                           void* channel) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<size_t>(count);
    const ssize_t n = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    const int error = errno;
    if (Socket* socket = of(channel).find(descriptor)) socket->writable = n >= 0 || error == EINTR;
    errno = error;
    return n;
  }

  static void wanted(void* channel, ares_socket_t descriptor, int, int writable) {
    if (Socket* socket = of(channel).find(descriptor)) socket->wants_write = writable != 0;
  }

  static void answered(void* asked, int status, int, unsigned char* message, int size) {
    const std::unique_ptr<Question> question(static_cast<Question*>(asked));
    --question->channel->open_;
    const std::string_view bytes(reinterpret_cast<const char*>(message),
                                 message && size > 0 ? static_cast<size_t>(size) : 0);
    Said said = said_of(status);
    if (said == Said::failed && question->channel->no_descriptor_) said = Said::no_descriptor;
    try {
      question->asker->said(said, bytes);
    } catch (const std::bad_alloc&) {
      // The question's own alarm ends it.
    }
  }
};

ResolverChannel::Alarm::Alarm(ResolverChannel& channel)
    : Deadline([](Deadline& self) {
        ResolverChannel& channel = static_cast<Alarm&>(self).channel;
        channel.busy_ = true;
        channel.reads_left_ = kMostReads;
        ares_process_fd(channel.channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        channel.busy_ = false;
        channel.work();
      }),
      channel(channel) {}

ResolverChannel::ResolverChannel() : alarm_(*this) {}

std::unique_ptr<ResolverChannel> ResolverChannel::make(std::span<const base::Endpoint> servers,
                                                       Options options) {
  if (!start_library()) return nullptr;
  std::unique_ptr<ResolverChannel> made(new ResolverChannel());
  char lookups[] = "b", no_file[] = "/dev/null";
  ares_options wanted{};
  wanted.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  wanted.timeout = static_cast<int>(std::clamp<uint64_t>(options.timeout_ms, 1, 60'000));
  wanted.tries = static_cast<int>(std::clamp<uint32_t>(options.tries, 1, 10));
  wanted.ndots = 1;
  wanted.lookups = lookups;
  wanted.sock_state_cb = &Calls::wanted;
  wanted.sock_state_cb_data = made.get();
  wanted.resolvconf_path = no_file;
  // With all of these given, c-ares reads no configuration of the system.
  constexpr int kGiven = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                         ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
                         ARES_OPT_NOROTATE | ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
  if (ares_init_options(&made->channel_, &wanted, kGiven) != ARES_SUCCESS) {
    made->channel_ = nullptr;
    return nullptr;
  }
  static const ares_socket_functions kCalls{&Calls::open, &Calls::close, &Calls::connect,
                                            &Calls::receive, &Calls::send};
  ares_set_socket_functions(made->channel_, &kCalls, made.get());
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    const auto& [address, port] = servers[i];
    nodes[i].family = address.is_v4() ? AF_INET : AF_INET6;
    std::memcpy(&nodes[i].addr, address.bytes().data(), address.size());
    nodes[i].udp_port = nodes[i].tcp_port = port;
    nodes[i].next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
  }
  if (!nodes.empty() && ares_set_servers_ports(made->channel_, nodes.data()) != ARES_SUCCESS)
    return nullptr;
  return made;
}

ResolverChannel::~ResolverChannel() {
  busy_ = true;
  if (channel_) ares_destroy(channel_);
}

ResolverChannel::Socket* ResolverChannel::find(int descriptor) {
  for (const auto& socket : sockets_) {
    if (socket->descriptor() == descriptor) return socket.get();
  }
  return nullptr;
}

void ResolverChannel::ask(const std::string& name, base::IpFamily family, base::Ref<Asker> asker) {
  auto question = std::make_unique<Question>(Question{this, std::move(asker)});
  ++asked_;
  ++open_;
  const bool outer = !std::exchange(busy_, true);
  ares_query(channel_, name.c_str(), kClassIn, family == base::IpFamily::v4 ? kTypeA : kTypeAaaa,
             &Calls::answered, question.release());
  if (!outer) return;  // The caller of the outer c-ares function goes on with work().
  busy_ = false;
  work();
}

void ResolverChannel::work() {
  if (std::exchange(busy_, true)) return;
  reads_left_ = kMostReads;
  bool left = true;
  for (int round = 0; left && round < kMostRounds && reads_left_ > 0; ++round) {
    const auto at = std::find_if(sockets_.begin(), sockets_.end(),
                                 [](const auto& socket) { return socket->has_work(); });
    left = at != sockets_.end();
    if (!left) break;
    Socket& socket = **at;
    const int descriptor = socket.descriptor();
    // Only a successful call sets these again. Otherwise a socket that c-ares ignores would be
    // processed for ever.
    const bool readable = std::exchange(socket.readable, false);
    const bool writable = socket.wants_write && std::exchange(socket.writable, false);
    ares_process_fd(channel_, readable ? descriptor : ARES_SOCKET_BAD,
                    writable ? descriptor : ARES_SOCKET_BAD);
  }
  busy_ = false;
  timeval next{};
  if (left && std::any_of(sockets_.begin(), sockets_.end(),
                          [](const auto& socket) { return socket->has_work(); })) {
    alarm_.set(async::EventLoop::current().now_ms());
  } else if (ares_timeout(channel_, nullptr, &next)) {
    const auto wait_ms =
        static_cast<uint64_t>(next.tv_sec) * 1000 + static_cast<uint64_t>(next.tv_usec) / 1000 + 1;
    alarm_.set(async::EventLoop::current().now_ms() + wait_ms);
  } else {
    alarm_.clear();
  }
}

}  // namespace weir::net
