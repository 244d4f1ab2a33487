// A client that ends its side while its exchange runs: the origin is told, as it would be without a
// proxy.
#pragma once
#include "async/deadline.h"
#include "http/exchange.h"
#include "server/http1/client.h"

namespace weir::server {

/// Watches the client's stream beside an exchange. A client that has closed in order and one that
/// has only sent its end (RFC 9112, 9.6) look the same: its end goes on to the origin, whose affair
/// it is, and the answer still goes to the client. One that breaks is Readiness::on_broken's. Of
/// one worker; goes before the exchange and the client.
class ClientEnd {
 public:
  /// An answer that comes within this time finds both connections as they were, to be kept.
  static constexpr uint64_t kGraceMs = 1000;

  ClientEnd(Client& client, http::Exchange& exchange);
  ClientEnd(const ClientEnd&) = delete;
  ~ClientEnd();

 private:
  void something_came();
  void look();
  /// Nothing comes from the client any more. Reads what is there, where that is the next request.
  bool at_its_end();
  void look_again();

  Client& client_;
  http::Exchange& exchange_;
  async::Alarm<ClientEnd, &ClientEnd::look> alarm_{*this};
};

}  // namespace weir::server
