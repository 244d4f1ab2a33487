#include "stages/auth/recheck.h"

#include "stages/auth/refusal.h"

namespace weir::auth {

async::Task<base::Result<http::Response>> Recheck::handle(http::Request& request,
                                                          http::Next next) const {
  const http::Session& session = request.session();
  // Nobody can be asked about a request of Weir's own, which comes by no listener.
  const bool has_client = session.local.port != 0;
  if (!has_client || !request.asker->identity.empty()) return next(request);
  const Demand& demand = *demands_[session.listener];
  if (!demand.login() || demand.exempts(request, *own_)) return next(request);
  return refuse(request, *demand.login(), *own_);
}

}  // namespace weir::auth
