// The target of a request (RFC 9110, 7.1; RFC 9112, 3.2), parsed once: policy, connector, cache key
// and log all use these parts, so that no two of them read one URL differently.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::http {

enum class Scheme : uint8_t { none, http, https };
enum class TargetForm : uint8_t { origin, absolute, authority, asterisk };

/// Views into the head's arena.
struct Target {
  TargetForm form = TargetForm::origin;
  Scheme scheme = Scheme::none;
  /// Lower-case, without a trailing dot, an IPv6 literal without its brackets. Empty if not known
  /// (origin-form without a Host).
  std::string_view host;
  /// The host is an IP literal: a dotted quad, or an IPv6 address in brackets.
  bool literal = false;
  uint16_t port = 0;
  /// Path and query, byte for byte as received: "/" for an empty path, "*" for asterisk-form, empty
  /// for CONNECT.
  std::string_view path;
  /// Host and port, normalised: lower-case, brackets where needed, no port if it is the scheme's
  /// own. Policy, pool and log use it.
  std::string_view authority;
  /// The authority as the client wrote it, for the Host field only: signatures cover that spelling.
  std::string_view written_authority;
};

}  // namespace weir::http
