// What a request is told that needs a login and has none.
#pragma once
#include "http/stage.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// 407: asks the client for a login. `wrong`: it has sent one, which is not right.
http::Response challenge(const Login& login, bool wrong);

/// Refuses a request that came without a login: by a challenge, or inside a tunnel, where clients
/// expect none, by an error after which the tunnel ends.
async::Task<base::Result<http::Response>> refuse(const http::Request& request, const Login& login);

}  // namespace weir::auth
