// TCP connections.
#pragma once
#include <cerrno>
#include <memory>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/error.h"
#include "base/ip.h"
#include "net/stream/descriptor.h"

namespace weir::net {

/// Options of sockets; from the configuration.
struct TcpOptions {
  /// TCP keep-alive: first probe after this long without traffic; 0 turns it off.
  uint32_t keepalive_ms = 60'000;
};

/// A connected TCP socket. Used on one worker's thread.
class TcpStream : public async::ByteStream, public base::Pooled {
 public:
  /// Takes ownership of a non-blocking socket that is connected or connecting.
  explicit TcpStream(int descriptor) : descriptor_(descriptor, readiness()) {}

  ssize_t try_read(char* to, size_t size) override;
  ssize_t try_write(const iovec* pieces, int count) override;
  void shut_down_writes() override;
  void abort() override;
  size_t unsent() const override;
  int plain_descriptor() const override { return descriptor_.get(); }

  /// 0, or errno's value if the loop did not accept the descriptor.
  int error() const { return descriptor_.error(); }

 private:
  Descriptor descriptor_;
};

/// The result of connect(), which opens one connection and tries no other: the stream, or -errno;
/// -ETIMEDOUT at the deadline (base::monotonic_ms). Cancelling closes the socket.
struct Connecting {
  std::unique_ptr<TcpStream> stream;
  int error = 0;
};
inline Connecting after_exception(const Connecting*) {
  return {nullptr, -ENOMEM};
}
async::Task<Connecting> connect(base::Endpoint to, uint64_t deadline_ms, TcpOptions options);

/// Sets the options that all of Weir's TCP sockets have: no Nagle delay, keep-alive.
void prepare_socket(int descriptor, const TcpOptions& options);

}  // namespace weir::net
