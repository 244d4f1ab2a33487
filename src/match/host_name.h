// The names of hosts, as texts that people write.
#pragma once
#include <string>
#include <string_view>

namespace weir::match {

/// The form in which names are compared: lower case, without one trailing dot.
std::string normal_name(std::string_view host);

/// What is wrong with a name in normal form, in words; empty if nothing. Labels have letters,
/// digits and `-`, and `_`, which the RFCs forbid in host names and many names in use have.
/// Internationalised names stand in their xn-- form, as they go into DNS. An address is no name.
std::string_view fault_in_name(std::string_view name);

}  // namespace weir::match
