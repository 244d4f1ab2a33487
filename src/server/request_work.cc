#include "server/request_work.h"

#include <utility>

#include "server/respond.h"

namespace weir::server {

RequestWork::RequestWork(base::Ref<ClientExchange> exchange, Responder& responder,
                         async::Interrupt& interrupt)
    : exchange_(std::move(exchange)), responder_(responder), interrupt_(interrupt) {
  exchange_->respond_with(&responder_);
}

RequestWork::Run RequestWork::run(http::Request& request) {
  return Run(*this, request);
}

async::Task<base::Result<std::unique_ptr<http::Tunnel>>> RequestWork::serve(
    http::Request& request) {
  const http::Method method = request.head->method;
  const http::Next first = exchange_->pipeline->first();
  CO_TRY(http::Response response, co_await first(request));
  co_return co_await respond(responder_, *exchange_, std::move(response), method);
}

void RequestWork::note(const Ended& ended) {
  if (!ended) {
    exchange_->set_ended(interrupt_.reason());
  } else if (!*ended) {
    const base::Error& error = ended->error();
    if (error.type() != base::ErrorType::client_closed) exchange_->set_error(error);
  } else if (!**ended) {
    exchange_->set_ended("complete");
  }
}

}  // namespace weir::server
