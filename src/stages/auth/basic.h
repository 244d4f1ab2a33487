// What a client says in Proxy-Authorization: Basic (RFC 7617).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weir::auth {

struct Credentials {
  Credentials(std::string user, std::string password)
      : user(std::move(user)), password(std::move(password)) {}
  Credentials(Credentials&&) = default;
  Credentials& operator=(Credentials&&) = default;
  /// The password is wiped.
  ~Credentials();
  std::string user, password;
};

/// In UTF-8: what is not UTF-8 is taken for ISO 8859-1.
/// Nothing where it is another scheme, no base64, or neither a user's name nor a password could be
/// such.
std::optional<Credentials> parse_basic(std::string_view value);

}  // namespace weir::auth
