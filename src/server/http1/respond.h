// Responses go out: the only code that writes to a client.
#pragma once
#include <memory>

#include "http/stage.h"
#include "server/http1/client.h"

namespace weir::server {

/// What the response depends on besides itself.
struct RequestFacts {
  http::Method method = http::Method::other;
  uint8_t minor_version = 1;
  bool keep_alive = false;
  /// Once one of them is lost, the connection closes after this response.
  const http::Pins* pins = nullptr;
  /// Becomes true when the connection is to end with this response.
  const bool* ends = nullptr;
};

struct Served {
  /// The connection may carry another request.
  bool keep = false;
  std::unique_ptr<http::Tunnel> tunnel;
};

/// Writes the head together with the content that is ready, and pulls the rest. An Error is what
/// ended it after the head had begun to go out (or the client's connection broke): then the
/// connection is to be cut.
async::Task<base::Result<Served>> respond(Client& client, http::Exchange& exchange,
                                          http::Response response, RequestFacts facts);

}  // namespace weir::server
