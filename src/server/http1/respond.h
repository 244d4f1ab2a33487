// Sends responses: the only code that writes to a client.
#pragma once
#include <memory>

#include "http/stage.h"
#include "server/http1/client.h"

namespace weir::server {

/// What the response depends on besides itself.
struct RequestFacts {
  http::Method method = http::Method::other;
  http::Version version = http::Version::http_1_1;
  bool keep_alive = false;
  /// Once one of them is lost, the connection closes after this response.
  const http::Pins* pins = nullptr;
  /// What it points to becomes true when the connection is to end with this response.
  const bool* ends = nullptr;
};

struct Served {
  /// The connection may carry another request.
  bool keep = false;
  std::unique_ptr<http::Tunnel> tunnel;
};

/// Writes the head together with the content that is ready, then pulls and writes the rest. An
/// Error means that the response broke off after its head had begun to go out, or that the client's
/// connection broke: the caller then has to cut the connection.
async::Task<base::Result<Served>> respond(Client& client, http::Exchange& exchange,
                                          http::Response response, RequestFacts facts);

}  // namespace weir::server
