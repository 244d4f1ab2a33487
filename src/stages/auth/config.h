// Who may use the proxy, by name and password.
#pragma once
#include <string>

namespace weir::auth {

struct Config {
  /// An htpasswd file; empty: nobody is asked for a login.
  std::string file;
  /// What clients show when they ask for the password.
  std::string realm = "Weir";
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::auth
