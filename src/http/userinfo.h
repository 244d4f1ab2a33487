// A name and a password in a request target, `http://name:password@host/`, as wget, apt and others
// leave them in. They are taken out before anything that logs or shows sees the target, and become
// an Authorization: an exception to RFC 9110, 4.2.4, see docs/design/requests.md.
#pragma once
#include <string>
#include <string_view>

#include "http/head.h"

namespace weir::http {

/// Sets head.raw_target. The method must be there. What may be a name and a password is left out of
/// it: of a target that can be served it is kept in head.login, and one that can't has head.fault,
/// a 400, from here on.
void set_raw_target(RequestHead& head, std::string_view raw);

/// Makes head.login the request's Authorization, if it has none. For parse_target, once the fields
/// are complete.
void use_login(RequestHead& head);

/// Of a request whose target was changed: an Authorization that came from the target goes, unless
/// scheme, host and port are still those that it was given for.
void drop_foreign_login(RequestHead& head);

/// A target that was refused may have somebody's password in it, and it can't be told where that
/// ends: all goes that stands before an '@', but for the scheme and the slashes.
std::string without_userinfo(std::string_view target);

}  // namespace weir::http
