// From a host and a port to a connection.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "async/task.h"
#include "base/error.h"
#include "base/ip.h"
#include "http/decision.h"
#include "net/dns/resolver.h"
#include "net/stream/tcp_stream.h"
#include "origin/config.h"

namespace weir::origin {

struct Connected {
  std::unique_ptr<net::TcpStream> stream;
  base::Endpoint peer;
  base::AddressSource source = base::AddressSource::literal;
};

/// Looks names up and connects, by Happy Eyeballs (RFC 8305) where there is more than one address.
/// One a worker.
class Connector {
 public:
  /// `resolver` outlives this, and this its tasks.
  Connector(net::Resolver& resolver, const OriginConfig& config, const net::TcpOptions& tcp = {})
      : resolver_(resolver), config_(config), tcp_(tcp) {}

  /// `decision` is asked about each address right before that is connected to; between the two
  /// nothing is looked up. Addresses that it refuses are passed over; its first refusal is the
  /// error where nothing else was tried. `host` is lower-case, without a trailing dot; `literal`
  /// says that it is an address, without brackets. `host` and `decision` outlive the task.
  ///
  /// Errors: what `decision` says; dns_error 502 (no such name, no address, servers that fail),
  /// dns_timeout 504, connection_refused 502, connection_timeout 504, destination_ip_unroutable
  /// 502, connection_terminated 502, connection_limit_reached 503.
  async::Task<base::Result<Connected>> connect(std::string_view host, bool literal, uint16_t port,
                                               const http::Decision& decision);

  /// For connections from now on.
  void configure(const OriginConfig& config, const net::TcpOptions& tcp) {
    config_ = config;
    tcp_ = tcp;
  }
  /// Changes when the files that names come from do (a laptop changes networks).
  uint64_t names_generation() { return resolver_.generation(); }

 private:
  net::Resolver& resolver_;
  OriginConfig config_;
  net::TcpOptions tcp_;
};

}  // namespace weir::origin
