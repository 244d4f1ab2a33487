// The work on one request: from its head to the end of its response, in any protocol.
#pragma once
#include <coroutine>
#include <memory>
#include <optional>

#include "async/signal.h"
#include "http/stage.h"
#include "server/client_exchange.h"
#include "server/responder.h"

namespace weir::server {

/// Owned by the coroutine that serves the request. A protocol makes one for each request, with a
/// responder and, if several requests share the connection, an interrupt of the request's own;
/// these and the exchange outlive it. Used on one worker.
class RequestWork {
 public:
  /// No value: the interrupt ended the work. An Error: the response broke off, or must not be
  /// given (unanswered()). Else the response is out, and a tunnel may follow.
  using Ended = std::optional<base::Result<std::unique_ptr<http::Tunnel>>>;
  class Run;

  RequestWork(base::Ref<ClientExchange> exchange, Responder& responder,
              async::Interrupt& interrupt);
  RequestWork(const RequestWork&) = delete;
  ~RequestWork() { exchange_->respond_with(nullptr); }

  /// `auto ended = co_await work.run(request);` hands the request to the pipeline, sends the
  /// response, and notes in the exchange how that ended. Once. The head is the exchange's; the
  /// request outlives what run() returns, and holds memory that a tunnel afterwards has no use for.
  Run run(http::Request& request);

 private:
  async::Task<base::Result<std::unique_ptr<http::Tunnel>>> serve(http::Request& request);
  void note(const Ended& ended);

  const base::Ref<ClientExchange> exchange_;
  Responder& responder_;
  async::Interrupt& interrupt_;
};

/// What run() returns. Costs no coroutine frame of its own.
class [[nodiscard]] RequestWork::Run {
 public:
  Run(RequestWork& work, http::Request& request)
      : work_(work), until_(work.serve(request), work.interrupt_) {}
  bool await_ready() const { return until_.await_ready(); }
  bool await_suspend(std::coroutine_handle<> handle) { return until_.await_suspend(handle); }
  Ended await_resume() {
    Ended ended = until_.await_resume();
    work_.note(ended);
    return ended;
  }

 private:
  RequestWork& work_;
  async::Until<base::Result<std::unique_ptr<http::Tunnel>>> until_;
};

}  // namespace weir::server
