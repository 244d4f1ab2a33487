// Asks about the login again where a restart leads. Runs below restart.
#pragma once
#include <memory>

#include "http/stage.h"
#include "stages/auth/demand.h"

namespace weir::auth {

/// A request that needed no login because of its host may be restarted with another target: if that
/// one needs a login, the request is refused like one that was sent there. Looks at no credentials:
/// Auth did, once, and removed them.
class Recheck final : public http::Stage {
 public:
  /// `demands` outlives the stage, and has one for each listener that sessions come by.
  Recheck(const Demands& demands, std::shared_ptr<const http::OwnNames> own)
      : demands_(demands), own_(std::move(own)) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  const Demands& demands_;
  const std::shared_ptr<const http::OwnNames> own_;
};

}  // namespace weir::auth
