// Sends responses: what is the same in every protocol.
#pragma once
#include <memory>

#include "http/stage.h"
#include "server/responder.h"

namespace weir::server {

/// Sends the head together with the content that is ready, then pulls and sends the rest. `method`
/// is the request's. Returns the tunnel that is to be carried now, or null. An Error means that the
/// response broke off after its head had begun to go out, or that the client's connection broke:
/// the caller then has to end the stream without another response.
async::Task<base::Result<std::unique_ptr<http::Tunnel>>> respond(Responder& responder,
                                                                 http::Exchange& exchange,
                                                                 http::Response response,
                                                                 http::Method method);

}  // namespace weir::server
