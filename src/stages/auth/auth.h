// Who asks? After validate, which sees to it that there is a request at all; above restart, so that
// it is asked once.
#pragma once
#include <memory>

#include "async/pool.h"
#include "http/stage.h"
#include "stages/auth/attempts.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// What outlives a configuration.
struct Context {
  Attempts& attempts;
  async::PoolPort& pool;
};

/// Sets the exchange's identity and removes Proxy-Authorization; or answers 407, for absolute-form
/// and CONNECT. Origin-form, Weir's own pages, needs no login. What is inside a tunnel has the
/// identity that opened it, whatever it says itself.
class Auth final : public http::Stage {
 public:
  /// Without a login everybody is welcome.
  Auth(std::shared_ptr<Login> login, Context context)
      : login_(std::move(login)), context_(context) {}
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;

 private:
  async::Task<base::Result<http::Response>> ask(http::Request request, http::Next next,
                                                Credentials credentials, Print print) const;
  /// For a while at most: what was read before holds where the threads are busy.
  async::Task<void> look() const;
  /// False: wrong, after the delay that this costs. The error: nobody has looked at it, so it may
  /// be right.
  async::Task<base::Result<bool>> check(base::IpAddress client, Credentials credentials,
                                        Print print) const;
  http::Response challenge(bool wrong) const;

  const std::shared_ptr<Login> login_;
  const Context context_;
};

}  // namespace weir::auth
