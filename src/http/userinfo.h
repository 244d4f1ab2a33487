// A name and a password in a request target, `http://name:password@host/`, as wget, apt and others
// leave them there. They are removed before anything logs or shows the target, and become an
// Authorization: an exception to RFC 9110, 4.2.4, see docs/design/requests.md.
#pragma once
#include <string>
#include <string_view>

#include "http/head.h"

namespace weir::http {

/// Sets head.raw_target, without what may be a name and a password. The method must be set already.
/// If the target can be served, head.login keeps name and password; if not, this sets head.fault to
/// a 400.
void set_raw_target(RequestHead& head, std::string_view raw);

/// Makes head.login the request's Authorization, unless it has one. parse_target calls it, once the
/// fields are complete.
void use_login(RequestHead& head);

/// For a request whose target was changed: removes an Authorization that came from the target,
/// unless scheme, host and port are still the ones that it was given for.
void drop_foreign_login(RequestHead& head);

/// For a refused target, which may hold a password whose end can't be determined: removes
/// everything before the last '@' except the scheme and the slashes.
std::string without_userinfo(std::string_view target);

}  // namespace weir::http
