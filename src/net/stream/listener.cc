#include "net/stream/listener.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace weir::net {

BoundSocket::~BoundSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

base::Endpoint local_endpoint(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  auto endpoint =
      base::Endpoint::from(reinterpret_cast<const sockaddr*>(&address)).value_or(base::Endpoint());
  endpoint.address = endpoint.address.unmapped();
  return endpoint;
}

bool family_exists(base::IpFamily family) {
  // There must be an address of the family; support in the kernel is not enough: containers often
  // have IPv6 without ::1.
  const base::Endpoint loopback{family == base::IpFamily::v4 ? base::IpAddress::v4(127, 0, 0, 1)
                                                             : *base::IpAddress::parse("::1"),
                                0};
  sockaddr_storage address{};
  const socklen_t length = loopback.to_sockaddr(address);
  const int probe = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool bound = bind(probe, reinterpret_cast<const sockaddr*>(&address), length) == 0;
  close(probe);
  return bound;
}

namespace {

int open_socket(const base::Endpoint& endpoint) {
  const int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  const int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return descriptor;
}

int bind_to(int descriptor, const base::Endpoint& endpoint) {
  sockaddr_storage address{};
  const socklen_t length = endpoint.to_sockaddr(address);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), length) < 0) return errno;
  return 0;
}

}  // namespace

std::expected<std::vector<BoundSocket>, BindError> bind_listeners(const base::Endpoint& wanted,
                                                                  size_t count, bool shared) {
  std::vector<BoundSocket> sockets;
  base::Endpoint endpoint = wanted;
  for (size_t i = 0; i < count; ++i) {
    const int descriptor = open_socket(endpoint);
    if (descriptor < 0) return std::unexpected(BindError{-descriptor});
    const int on = 1;
    // The first one binds alone, and shares the port from then on.
    if (i > 0 || shared) setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (const int error = bind_to(descriptor, endpoint); error != 0) {
      close(descriptor);
      return std::unexpected(BindError{error});
    }
    if (i == 0) {
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
      endpoint.port = local_endpoint(descriptor).port;
    }
    sockets.emplace_back(descriptor, endpoint);
  }
  return sockets;
}

int BoundSocket::listen() const {
  return ::listen(descriptor_, kBacklog) < 0 ? errno : 0;
}

std::expected<Listener::Accepted, int> Listener::accept() {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int descriptor = accept4(descriptor_.get(), reinterpret_cast<sockaddr*>(&address), &length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) {
    if (errno == EAGAIN) readiness().readable = false;
    return std::unexpected(errno);
  }
  auto client =
      base::Endpoint::from(reinterpret_cast<const sockaddr*>(&address)).value_or(base::Endpoint());
  client.address = client.address.unmapped();
  if (endpoint_.address.is_unspecified()) spare_pacing(descriptor, client.address);
  return Accepted{descriptor, client};
}

bool Listener::client_waits() const {
  pollfd waits{descriptor_.get(), POLLIN, 0};
  return poll(&waits, 1, 0) == 1;
}

}  // namespace weir::net
