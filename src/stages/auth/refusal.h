// What a request is told that needs a login and has none.
#pragma once
#include "http/own_names.h"
#include "http/stage.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// 407: asks the client for a login. `wrong`: it has sent one, which is not right.
http::Response challenge(const Login& login, bool wrong);

/// True if the client speaks to Weir as to a server, not as to a proxy: for clients there is no
/// Proxy-Authorization then (RFC 9110, 11.7).
bool is_direct(const http::Request& request);

/// Refuses a request that came without a login: by a challenge; where clients expect none, by an
/// error: inside a tunnel, which ends then, and where they speak to Weir as to a server.
async::Task<base::Result<http::Response>> refuse(const http::Request& request, const Login& login,
                                                 const http::OwnNames& own);

}  // namespace weir::auth
