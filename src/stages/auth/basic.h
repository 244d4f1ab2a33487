// The login in a client's Proxy-Authorization: Basic (RFC 7617).
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
  /// Wipes the password.
  ~Credentials();
  std::string user, password;
};

/// The result is in UTF-8; a value that is not UTF-8 is taken for ISO 8859-1. Returns nothing for
/// another scheme, for bad base64, and if the user name or the password can't be valid.
std::optional<Credentials> parse_basic(std::string_view value);

}  // namespace weir::auth
