// What a worker opens tunnels with.
#pragma once
#include <memory>
#include <string_view>

#include "intercept/leaf.h"
#include "intercept/learned.h"
#include "net/tls/server_tls.h"

namespace weir::intercept {

/// What all workers share of it. Any thread.
struct Shared {
  std::shared_ptr<net::TicketKeys> tickets = std::make_shared<net::TicketKeys>();
  Learned learned;
};

/// One per worker. It follows the current configuration.
class Opener {
 public:
  /// `shared` outlives it.
  explicit Opener(Shared& shared) : shared_(shared) {}

  /// From now on: the leaves of the authority that signs (null: nothing can be opened), and where
  /// the secrets of sessions are written (null: nowhere).
  void use(std::shared_ptr<Leaves> leaves, std::shared_ptr<net::KeyLog> key_log);
  bool ready() const { return leaves_ != nullptr; }
  Learned& learned() { return shared_.learned; }

  /// The server's side of TLS, as `host`: in lower case; `literal`: an address. `origin`: the
  /// validity of the origin's certificate, if there is an origin. Null if there is no memory.
  net::SslPtr begin(std::string_view host, bool literal, net::Validity origin);

 private:
  Shared& shared_;
  std::shared_ptr<Leaves> leaves_;
  std::shared_ptr<net::KeyLog> key_log_;
  base::Ref<net::ServerTls> server_;
};

}  // namespace weir::intercept
