#include "stages/restart/restart.h"

#include "http/target_parse.h"

namespace weir::restart {

async::Task<base::Result<http::Response>> Restart::handle(http::Request& request,
                                                          http::Next next) const {
  CO_TRY(http::Response response, co_await next(request));
  for (int restarts = 0; response.restart; ++restarts) {
    if (restarts == kMostRestarts) {
      co_return base::fail(base::ErrorType::proxy_loop_detected,
                           "Rules rewrite each other's targets.");
    }
    request.head = std::move(response.restart);
    // What was decided and connected to for the target before does not belong to this one.
    request.decision = nullptr;
    request.exchange->decision = nullptr;
    request.exchange->peer = {};
    http::follow_changed_target(*request.head);
    CO_TRY(response, co_await next(request));
  }
  co_return response;
}

}  // namespace weir::restart
