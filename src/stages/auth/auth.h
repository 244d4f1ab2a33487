// Finds out which user a request comes from. Runs after validate, which makes sure that there is a
// request at all, and above restart, so that it runs once.
#pragma once
#include <memory>

#include "http/stage.h"
#include "stages/auth/check.h"
#include "stages/auth/demand.h"

namespace weir::auth {

/// Sets the request's asker and removes Proxy-Authorization, or answers 407 to absolute-form
/// and CONNECT requests that need a login and have no right one. An origin-form request, for one of
/// Weir's own pages, can have none, so it gets only what needs none. Requests inside a tunnel have
/// the identity that opened it, whatever they say themselves; if it was opened without one, each of
/// them has to be exempt itself.
class Auth final : public http::Stage {
 public:
  /// `demands` outlives the stage, and has one for each listener that sessions come by.
  Auth(const Demands& demands, std::shared_ptr<const http::OwnNames> own, Context context)
      : demands_(demands), own_(std::move(own)), context_(context) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  const Demands& demands_;
  const std::shared_ptr<const http::OwnNames> own_;
  const Context context_;
};

}  // namespace weir::auth
