// Sockets that clients connect to.
#pragma once
#include <string>
#include <vector>

#include "async/byte_stream.h"
#include "base/error.h"
#include "base/ip.h"
#include "net/stream/descriptor.h"
#include "net/stream/pacing.h"
#include "net/stream/tcp_stream.h"

namespace weir::net {

/// A bound socket before it has a worker; nobody can connect before listen(). Closes what nobody
/// took.
class BoundSocket {
 public:
  BoundSocket(int descriptor, base::Endpoint endpoint)
      : descriptor_(descriptor), endpoint_(endpoint) {}
  BoundSocket(BoundSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), endpoint_(other.endpoint_) {}
  BoundSocket& operator=(BoundSocket&&) = delete;
  ~BoundSocket();
  int release() { return std::exchange(descriptor_, -1); }
  /// 0, or errno's value. Once is enough.
  int listen() const;
  /// With the port that was really bound.
  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  int descriptor_;
  base::Endpoint endpoint_;
};

/// As many clients may wait at one socket to be accepted; fewer where the system says so
/// (net.core.somaxconn).
inline constexpr int kBacklog = 4096;

/// One socket for each of `count` workers on one address. The first is bound without SO_REUSEPORT,
/// so that a port that anybody has, another Weir too, is noticed.
struct BindError {
  int error;  // errno's value.
};
/// `shared`: a socket of ours that is about to go has the port still.
std::expected<std::vector<BoundSocket>, BindError> bind_listeners(const base::Endpoint& endpoint,
                                                                  size_t count,
                                                                  bool shared = false);

/// The machine has addresses of that family.
bool family_exists(base::IpFamily family);

/// A listening socket on its worker's loop. `until_readable` waits for clients.
class Listener final : public async::ByteStream {
 public:
  explicit Listener(BoundSocket socket)
      : endpoint_(socket.endpoint()), descriptor_(socket.release(), readiness()) {}

  struct Accepted {
    int descriptor;
    base::Endpoint client;
  };
  /// A client, or -errno; -EAGAIN when there is none.
  std::expected<Accepted, int> accept();
  /// Sets what accepted sockets inherit (Linux: TCP_NODELAY and keep-alive among it), which saves
  /// them the system calls.
  void prepare(const TcpOptions& options) {
    prepare_socket(descriptor_.get(), options);
    spare_pacing(descriptor_.get(), endpoint_.address);
  }
  /// One waits now; asks the kernel.
  bool client_waits() const;
  const base::Endpoint& endpoint() const { return endpoint_; }

  ssize_t try_read(char*, size_t) override { return -EINVAL; }
  ssize_t try_write(const iovec*, int) override { return -EINVAL; }
  void shut_down_writes() override {}
  void abort() override {}

 private:
  const base::Endpoint endpoint_;
  Descriptor descriptor_;
};

/// The address that a connected socket was reached at.
base::Endpoint local_endpoint(int descriptor);

}  // namespace weir::net
