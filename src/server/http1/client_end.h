// Handles a client that ends its side while its exchange runs: the origin is told, as it would be
// without a proxy.
#pragma once
#include "async/deadline.h"
#include "http/exchange.h"
#include "server/http1/client.h"

namespace weir::server {

/// Watches the client's stream while an exchange runs. A client that has closed normally and one
/// that has only ended its sending side (RFC 9112, 9.6) look the same. So the end is passed on to
/// the origin, which decides what to do, and the answer still goes to the client. A connection that
/// breaks is handled by Readiness::on_broken instead. Used on one worker; destroyed before the
/// exchange and the client.
class ClientEnd {
 public:
  /// How long to wait before the origin is told. If the answer comes within this time, both
  /// connections are untouched and can be kept.
  static constexpr uint64_t kGraceMs = 1000;

  ClientEnd(Client& client, http::Exchange& exchange);
  ClientEnd(const ClientEnd&) = delete;
  ~ClientEnd();

 private:
  void something_came();
  void look();
  /// True if nothing more comes from the client. If its next request is there, reads that into the
  /// input.
  bool at_its_end();
  void look_again();

  Client& client_;
  http::Exchange& exchange_;
  async::Alarm<ClientEnd, &ClientEnd::look> alarm_{*this};
};

}  // namespace weir::server
