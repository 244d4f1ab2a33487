// The record of a request that came from a client.
#pragma once
#include <cstdint>
#include <utility>

#include "async/signal.h"
#include "http/exchange.h"
#include "server/responder.h"
#include "server/session_context.h"

namespace weir::server {

/// Passes on to the request's work what others ask of the exchange: interim responses go to its
/// responder, and cancelling fires its interrupt. For HTTP/1 that is the connection's interrupt; a
/// protocol with many requests on a connection has one for each. The interrupt outlives this.
class ClientExchange : public http::Exchange {
 public:
  /// `started_ms`: when the request's first byte came; its time counts from there.
  ClientExchange(const SessionContext& context, base::Ref<const http::Asker> asker,
                 async::Interrupt& interrupt, uint64_t started_ms)
      : Exchange(context.journal, context.pipeline, std::move(asker)), interrupt_(interrupt) {
    started_wall_ms -= static_cast<int64_t>(this->started_ms - started_ms);
    this->started_ms = started_ms;
  }

  base::Result<void> interim(const http::ResponseHead& head) override {
    return responder_ ? responder_->interim(head) : base::Result<void>();
  }
  void cancel(const char* reason) override { interrupt_.fire(reason); }
  /// Null: nothing more can be sent as a response. Set by RequestWork.
  void respond_with(Responder* responder) { responder_ = responder; }

 private:
  async::Interrupt& interrupt_;
  Responder* responder_ = nullptr;
};

}  // namespace weir::server
