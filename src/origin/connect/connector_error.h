// Errors of connecting: an RFC 9209 type, and words for the user who waits for the page.
#pragma once
#include <string_view>

#include "base/error.h"
#include "base/ip.h"
#include "net/dns/resolver_answer.h"

namespace weir::origin {

/// The rule of an error that means that descriptors have run out.
inline constexpr std::string_view kOpenFiles = "limit of open files";

/// `error` is errno's value of the attempt to connect to `to`, an address of `host`.
base::Error connect_error(std::string_view host, const base::Endpoint& to, int error);
/// How much an errno value says: of several failed attempts, the one with the highest number is
/// reported, and the first one among equals.
int telling(int error);

/// The error if neither look-up found an address.
base::Error dns_failure(std::string_view host, net::Lookup::Outcome v4, net::Lookup::Outcome v6);

}  // namespace weir::origin
