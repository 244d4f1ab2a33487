// The sockets that clients connect to.
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

/// A bound socket that no worker has yet; clients can't connect before listen(). The destructor
/// closes it unless release() was called.
class BoundSocket {
 public:
  BoundSocket(int descriptor, base::Endpoint endpoint)
      : descriptor_(descriptor), endpoint_(endpoint) {}
  BoundSocket(BoundSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), endpoint_(other.endpoint_) {}
  BoundSocket& operator=(BoundSocket&&) = delete;
  ~BoundSocket();
  int release() { return std::exchange(descriptor_, -1); }
  /// 0, or errno's value. One call is enough.
  int listen() const;
  /// Has the port that was really bound.
  const base::Endpoint& endpoint() const { return endpoint_; }

 private:
  int descriptor_;
  base::Endpoint endpoint_;
};

/// How many clients may wait at one socket to be accepted; the system may allow fewer
/// (net.core.somaxconn).
inline constexpr int kBacklog = 4096;

struct BindError {
  int error;  // errno's value.
};
/// Opens one socket for each of `count` workers on one address. It binds the first one without
/// SO_REUSEPORT, so that a port that is in use, also by another Weir, is noticed. `shared`: a
/// socket of ours that is about to be closed still has the port.
std::expected<std::vector<BoundSocket>, BindError> bind_listeners(const base::Endpoint& endpoint,
                                                                  size_t count,
                                                                  bool shared = false);

/// Whether the machine has addresses of that family.
bool family_exists(base::IpFamily family);

/// A listening socket on its worker's event loop. `until_readable` waits for clients.
class Listener final : public async::ByteStream {
 public:
  explicit Listener(BoundSocket socket)
      : endpoint_(socket.endpoint()), descriptor_(socket.release(), readiness()) {}

  struct Accepted {
    int descriptor;
    base::Endpoint client;
  };
  /// A client, or errno's value; EAGAIN if no client waits.
  std::expected<Accepted, int> accept();
  /// Sets the options that accepted sockets inherit (on Linux also TCP_NODELAY and keep-alive),
  /// which saves the system calls for each of them.
  void prepare(const TcpOptions& options) {
    prepare_socket(descriptor_.get(), options);
    spare_pacing(descriptor_.get(), endpoint_.address);
  }
  /// Whether a client waits now; asks the kernel.
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

/// The address at which the peer reached a connected socket.
base::Endpoint local_endpoint(int descriptor);

}  // namespace weir::net
