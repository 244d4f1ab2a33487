// Why there is no connection, in RFC 9209's types and in words for the person who waits for the
// page.
#pragma once
#include <string_view>

#include "base/error.h"
#include "base/ip.h"
#include "net/dns/resolver_answer.h"

namespace weir::origin {

/// The rule of an error that says that descriptors have run out.
inline constexpr std::string_view kOpenFiles = "limit of open files";

/// `error` is errno's value of the attempt to connect to `to`, to which `host` led.
base::Error connect_error(std::string_view host, const base::Endpoint& to, int error);
/// Of several failed attempts the one that says most: the higher number. Between equals the first.
int telling(int error);

/// Neither look-up found an address.
base::Error dns_failure(std::string_view host, net::Lookup::Outcome v4, net::Lookup::Outcome v6);

}  // namespace weir::origin
