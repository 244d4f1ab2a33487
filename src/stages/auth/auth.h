// Finds out which user a request comes from. Runs after validate, which makes sure that there is a
// request at all, and above restart, so that it runs once.
#pragma once
#include <memory>

#include "async/pool.h"
#include "http/stage.h"
#include "stages/auth/attempts.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// What Auth uses that outlives a configuration.
struct Context {
  Attempts& attempts;
  async::PoolPort& pool;
};

/// Sets the request's asker and removes Proxy-Authorization, or answers 407 to absolute-form
/// and CONNECT requests. Origin-form requests, for Weir's own pages, need no login. Requests inside
/// a tunnel have the identity that opened it, whatever they say themselves.
class Auth final : public http::Stage {
 public:
  /// If `login` is null, nobody is asked for a login.
  Auth(std::shared_ptr<Login> login, Context context)
      : login_(std::move(login)), context_(context) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  async::Task<base::Result<http::Response>> ask(http::Request& request, http::Next next,
                                                Credentials credentials, Print print) const;
  /// Waits for a look at the file, for a short while at most: if the pool's threads are busy, what
  /// was read before stays in use.
  async::Task<void> look() const;
  /// False: the login is wrong; returned after the delay that this costs. An error: the login was
  /// not checked, so it may be right.
  async::Task<base::Result<bool>> check(base::IpAddress client, Credentials credentials,
                                        Print print) const;
  http::Response challenge(bool wrong) const;

  const std::shared_ptr<Login> login_;
  const Context context_;
};

}  // namespace weir::auth
