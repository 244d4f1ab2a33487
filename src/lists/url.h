// URLs that lists are fetched from.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace weir::lists {

/// What is wrong with a URL that a list is to come from; nothing if it may: absolute, http or
/// https, without a login and a fragment.
std::optional<std::string> fault_in_url(std::string_view url);
bool is_https(std::string_view url);
/// The address that stands in the URL in place of a host's name.
std::optional<base::IpAddress> literal_in(std::string_view url);
/// The host's name, if nobody outside can have it: without a dot, or below one of the names that
/// are kept for networks of one's own (RFC 6762, appendix G; RFC 8375; .internal); else empty. A
/// view of the URL.
std::string_view inside_host_in(std::string_view url);

/// Where a Location of the answer to `url` leads (RFC 9110, 10.2.2). The error names where, and why
/// Weir does not go there: nothing leads from https to http.
std::expected<std::string, std::string> resolved(std::string_view url, std::string_view location);

}  // namespace weir::lists
