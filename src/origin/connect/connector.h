// Opens a connection to a host and a port.
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
  std::unique_ptr<async::ByteStream> stream;
  base::Endpoint peer;
  base::AddressSource source = base::AddressSource::literal;
  base::Ref<const http::Aliases> aliases = {};
};

/// Looks up names and connects, with Happy Eyeballs (RFC 8305) if there is more than one address.
/// One per worker.
class Connector {
 public:
  /// `resolver` outlives the connector, and the connector outlives its tasks.
  explicit Connector(net::Resolver& resolver) : resolver_(resolver) {}

  /// Asks `decision` about each address right before connecting to it; no look-up happens between
  /// the two. Addresses that it refuses are skipped; its first refusal is the error if nothing else
  /// was tried. `host` is in lower case, without a trailing dot; `literal` says that it is an
  /// address, without brackets. `config` has the time limits. `host`,
  /// `decision` and `config` outlive the task.
  ///
  /// Errors: what `decision` returns; dns_error 502 (no such name, no address, servers that fail),
  /// dns_timeout 504, connection_refused 502, connection_timeout 504, destination_ip_unroutable
  /// 502, connection_terminated 502, connection_limit_reached 503.
  async::Task<base::Result<Connected>> connect(std::string_view host, bool literal, uint16_t port,
                                               const http::Decision& decision,
                                               const OriginConfig& config);

  /// Applies to new connections.
  void configure(const net::TcpOptions& tcp) { tcp_ = tcp; }
  /// Changes when the files that names come from change (for example when a laptop changes
  /// networks).
  uint64_t names_generation() { return resolver_.generation(); }

 private:
  net::Resolver& resolver_;
  net::TcpOptions tcp_;
};

}  // namespace weir::origin
