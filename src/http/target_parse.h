// Parses what a request is for, from the request target and Host together (RFC 9112, 3.2 and 3.3).
// The authority must match the grammar strictly, since policy and connector must see the same host;
// path and query pass unchanged.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/head.h"

namespace weir::http {

/// The longest request target, in bytes; a longer one is answered with 414.
inline constexpr size_t kLongestTarget = 16 * 1024;

/// `host[:port]`, taken apart.
struct Authority {
  /// Lower-case, without a trailing dot; an IPv6 address in its canonical form (RFC 5952) without
  /// brackets. Never empty.
  std::string_view host;
  /// 1 to 65535.
  uint16_t port = 0;
  /// The host is an IP address: a dotted quad, or one in brackets.
  bool literal = false;
  /// The text named a port (not an empty one).
  bool had_port = false;
  /// The parsed text is exactly what serialise_authority would write, so that it can be used as it
  /// is.
  bool canonical = false;
};

/// Letters, digits, '-' and '_' in labels of 1 to 63, at most 253 in all; one trailing dot is
/// dropped. No userinfo, no percent encoding, no 8-bit bytes. If the last label looks like a
/// number, the whole must be a dotted quad without leading zeros. In brackets an IPv6 address
/// without zone. The port is 1 to 65535 without leading zeros; an empty one counts as
/// `default_port`. The host points into `text` where nothing had to be changed, else into `arena`.
/// Errors are 400.
base::Result<Authority> parse_authority(std::string_view text, uint16_t default_port, Arena& arena);

/// The authority as the Host field writes it: brackets where needed, and the port unless it is
/// `default_port` (0: always with the port).
std::string_view serialise_authority(const Authority& authority, uint16_t default_port,
                                     Arena& arena);

/// Whether `text` is a host name (not an address) by parse_authority's rules, in any case, without
/// a trailing dot.
bool is_host_name(std::string_view text);

/// Fills head.target from method, raw_target (which set_raw_target has set) and Host. For HTTP/1
/// requests; call it once the head is complete. `scheme` is the session's, and applies to
/// origin-form and asterisk-form. Removes a fragment, from raw_target too; turns a name and a
/// password in the target into an Authorization. Errors: 400 for a form that the method can't have,
/// a malformed target, a missing (HTTP/1.1), repeated or malformed Host; 414.
base::Result<void> parse_target(RequestHead& head, Scheme scheme = Scheme::http);

/// Call this after changing head.target: what belonged to the authority that the client wrote (its
/// spelling, a login in the URL) must not go to another one.
void follow_changed_target(RequestHead& head);

/// 80 for http, 443 for https, otherwise 0.
constexpr uint16_t default_port_of(Scheme scheme) {
  return scheme == Scheme::http ? 80 : scheme == Scheme::https ? 443 : 0;
}

}  // namespace weir::http
