#include "proxy/acceptor.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/account.h"
#include "match/address_class.h"
#include "net/stream/tcp_stream.h"

namespace weir::proxy {
namespace {
constexpr int kAcceptsAtOnce = 32;
constexpr uint64_t kRetryMs = 100;
// As many clients as the kernel's queue can hold. They are all accepted in one turn of the loop, so
// that the queue can't fill up again meanwhile.
constexpr int kLastAccepts = net::kBacklog + 1;

/// A client's connection that counts itself in Shared.
class ClientStream final : public net::TcpStream {
 public:
  ClientStream(int descriptor, Shared& shared, const base::IpAddress& address)
      : TcpStream(descriptor), shared_(shared), address_(address) {
    shared_.connections.fetch_add(1, std::memory_order_relaxed);
  }
  ~ClientStream() override {
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    if (counted_) shared_.client_counts.remove(address_);
  }
  /// Counts this connection for its address, and returns how many the address has now.
  uint32_t count() {
    const uint32_t count = shared_.client_counts.add(address_);
    counted_ = true;
    return count;
  }

 private:
  Shared& shared_;
  const base::IpAddress address_;
  bool counted_ = false;
};
}  // namespace

void Acceptor::use(const net::TcpOptions& tcp, uint32_t most_per_client) {
  tcp_ = tcp;
  most_per_client_ = most_per_client;
  for (const auto& listening : listeners_) listening->listener.prepare(tcp_);
}

void Acceptor::listen(WorkerSockets sockets) {
  for (ListenerSocket& socket : sockets) {
    auto& listening = *listeners_.emplace_back(std::make_unique<Listening>(std::move(socket)));
    listening.listener.prepare(tcp_);
    listening.accepting.spawn(accept_clients(listening));
  }
}

void Acceptor::close(const std::vector<uint32_t>& numbers) {
  std::erase_if(listeners_, [&](const auto& each) {
    if (std::ranges::find(numbers, each->number) == numbers.end()) return false;
    let_in_the_last(*each);
    return true;
  });
}

void Acceptor::close_all() {
  for (const auto& listening : listeners_) let_in_the_last(*listening);
  listeners_.clear();
}

bool Acceptor::full() const {
  return shared_.connections.load(std::memory_order_relaxed) >=
             shared_.max_connections.load(std::memory_order_relaxed) ||
         base::Account::stand() == base::Memory::over;
}

bool Acceptor::no_descriptor() const {
  return !net::descriptors_left(shared_.spare_descriptors.load(std::memory_order_relaxed));
}

void Acceptor::let_in_the_last(Listening& listening) {
  for (int i = 0; i < kLastAccepts && !full() && !no_descriptor(); ++i) {
    const auto accepted = listening.listener.accept();
    if (accepted) {
      admit(*accepted, listening);
    } else if (const int error = accepted.error(); error == EAGAIN || error == EMFILE ||
                                                   error == ENFILE || error == ENOBUFS ||
                                                   error == ENOMEM) {
      return;
    }
  }
}

async::Task<void> Acceptor::accept_clients(Listening& listening) {
  auto& loop = async::EventLoop::current();
  net::Listener& listener = listening.listener;
  async::Alarm<async::Signal, &async::Signal::notify> retry(freed_);
  for (;;) try {
      const ssize_t ready = co_await listener.until_readable(async::Deadline::kNever);
      if (ready < 0) co_return;
      for (int i = 0; i < kAcceptsAtOnce; ++i) {
        const auto seen = freed_.version();
        // At the limit of memory, clients are still accepted, so that they get an error response.
        // Far over it they wait in the kernel's queue.
        bool full = this->full();
        bool no_descriptor = this->no_descriptor();
        if (!full && !no_descriptor) {
          const auto accepted = listener.accept();
          if (accepted) {
            admit(*accepted, listening);
            continue;
          }
          if (accepted.error() == EAGAIN) break;
          no_descriptor = accepted.error() == EMFILE || accepted.error() == ENFILE;
          full = accepted.error() == ENOBUFS || accepted.error() == ENOMEM;
          if (!full && !no_descriptor) continue;  // That client has left already.
        }
        // Close idle connections to make room, then wait until a descriptor closes or a short time
        // has passed. The wait needs that timer, since edge-triggered epoll does not report the
        // waiting client again.
        if (!listener.client_waits()) {
          listener.readiness().readable = false;
          break;
        }
        if (full) {
          if (relief_.crowded()) relief_.relieve_soon();
          relief_.make_room();
        } else {
          relief_.free_descriptor();
        }
        retry.set(loop.now_ms() + kRetryMs);
        co_await freed_.changed(seen);
        break;
      }
      async::Yield turn;
      co_await turn;
    } catch (const std::bad_alloc&) {
      // Go on accepting: connections that close meanwhile free memory.
    }
}

// If there is no memory, the client is closed, and accepting goes on.
void Acceptor::admit(const net::Listener::Accepted& accepted, const Listening& listening) try {
  std::unique_ptr<ClientStream> stream;
  try {
    stream = std::make_unique<ClientStream>(accepted.descriptor, shared_, accepted.client.address);
  } catch (const std::bad_alloc&) {
    ::close(accepted.descriptor);
    return;
  }
  if (stream->error() != 0) return;
  auto session = base::make_ref<http::Session>();
  session->listener = listening.number;
  session->listener_use = listening.use;
  session->client = accepted.client;
  const base::Endpoint& local = listening.listener.endpoint();
  session->local =
      local.address.is_unspecified() ? net::local_endpoint(accepted.descriptor) : local;
  const uint32_t count = stream->count();
  session->over_limit = most_per_client_ != 0 && count > most_per_client_ &&
                        match::classify(accepted.client.address) != match::AddressClass::loopback;
  if (relief_.crowded()) relief_.relieve_soon();
  clients_.spawn(server::serve_client(std::move(stream),
                                      base::make_ref<http::Asker>(std::move(session)), sessions_));
} catch (const std::bad_alloc&) {
}

}  // namespace weir::proxy
