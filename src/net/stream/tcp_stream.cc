#include "net/stream/tcp_stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "net/stream/pacing.h"

namespace weir::net {
namespace {

// The C library's send and recv are cancellation points of threads, and prepare for that twice per
// call. Weir never cancels a thread, so it calls the kernel directly. The sanitizers know only the
// library's functions.
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || \
    __has_feature(memory_sanitizer)
ssize_t receive(int descriptor, char* to, size_t size) {
  return recv(descriptor, to, size, 0);
}
ssize_t give(int descriptor, const char* from, size_t size) {
  return send(descriptor, from, size, MSG_NOSIGNAL);
}
#else
ssize_t receive(int descriptor, char* to, size_t size) {
  return syscall(SYS_recvfrom, descriptor, to, size, 0, nullptr, nullptr);
}
ssize_t give(int descriptor, const char* from, size_t size) {
  return syscall(SYS_sendto, descriptor, from, size, MSG_NOSIGNAL, nullptr, 0);
}
#endif

}  // namespace

ssize_t TcpStream::try_read(char* to, size_t size) {
  async::Readiness& state = readiness();
  ssize_t n;
  do {
    n = receive(descriptor_.get(), to, size);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    if (errno != EAGAIN) return -errno;
    state.readable = false;
    return -EAGAIN;
  }
  // A short read has emptied the socket: the next byte brings an edge. But after the peer's end
  // there is no further edge, and a read stops before urgent data even if bytes follow it.
  if (static_cast<size_t>(n) < size && !state.peer_closed && !state.urgent) state.readable = false;
  return n;
}

ssize_t TcpStream::try_write(const iovec* pieces, int count) {
  ssize_t n;
  if (count == 1) {
    do {
      n = give(descriptor_.get(), static_cast<const char*>(pieces[0].iov_base), pieces[0].iov_len);
    } while (n < 0 && errno == EINTR);
  } else {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<size_t>(count);
    do {
      n = sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
  }
  if (n >= 0) return n;
  if (errno != EAGAIN) return -errno;
  readiness().writable = false;
  return -EAGAIN;
}

void TcpStream::shut_down_writes() {
  shutdown(descriptor_.get(), SHUT_WR);
}

void TcpStream::abort() {
  const linger reset{1, 0};
  setsockopt(descriptor_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

size_t TcpStream::unsent() const {
  int bytes = 0;
  return ioctl(descriptor_.get(), SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes)
                                                                      : 0;
}

void prepare_socket(int descriptor, const TcpOptions& options) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_OOBINLINE, &on,
             sizeof on);  // Urgent bytes (telnet, FTP in tunnels) are bytes of the stream.
  if (options.keepalive_ms == 0) return;
  const int idle = std::max<int>(1, static_cast<int>(options.keepalive_ms / 1000));
  const int interval = std::max(1, idle / 4), probes = 4;
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

async::Task<Connecting> connect(base::Endpoint to, uint64_t deadline_ms, TcpOptions options) {
  Connecting result;
  if (!descriptors_left()) {
    result.error = -EMFILE;
    co_return result;
  }
  sockaddr_storage address{};
  const socklen_t length = to.to_sockaddr(address);
  const int descriptor = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    result.error = -errno;
    co_return result;
  }
  prepare_socket(descriptor, options);
  spare_pacing(descriptor, to.address);
  const int started = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), length);
  if (started < 0 && errno != EINPROGRESS && errno != EINTR) {
    result.error = -errno;
    close(descriptor);
    co_return result;
  }
  std::unique_ptr<TcpStream> stream;
  try {
    stream = std::make_unique<TcpStream>(descriptor);
  } catch (const std::bad_alloc&) {
    close(descriptor);  // No object owns it yet.
    result.error = -ENOMEM;
    co_return result;
  }
  if (stream->error() != 0) {
    result.error = -stream->error();
    co_return result;
  }
  if (started < 0) {
    stream->readiness().writable = false;
    const ssize_t waited = co_await stream->until_writable(deadline_ms);
    if (waited < 0) {
      result.error = static_cast<int>(waited);
      co_return result;
    }
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      result.error = -error;
      co_return result;
    }
  }
  result.stream = std::move(stream);
  co_return result;
}

}  // namespace weir::net
