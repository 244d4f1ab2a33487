#include "stages/restart/restart.h"

#include "http/target_parse.h"

namespace weir::restart {

async::Task<base::Result<http::Response>> Restart::handle(http::Request request,
                                                          http::Next next) const {
  CO_TRY(http::Response response, co_await next(std::move(request)));
  for (int restarts = 0; response.restart; ++restarts) {
    if (restarts == kMostRestarts) {
      co_return base::fail(base::ErrorType::proxy_loop_detected,
                           "Rules rewrite each other's targets.");
    }
    http::Request again = std::move(*response.restart);
    // What was decided and connected to for the target before does not belong to this one.
    again.decision = nullptr;
    again.exchange->decision = nullptr;
    again.exchange->peer = {};
    http::follow_changed_target(*again.head);
    CO_TRY(response, co_await next(std::move(again)));
  }
  co_return response;
}

}  // namespace weir::restart
