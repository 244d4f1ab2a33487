// Who may use the proxy, by name and password.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "match/site_pattern.h"

namespace weir::auth {

struct Config {
  /// An htpasswd file; empty: nobody is asked for a login.
  std::string file;
  /// What clients show when they ask for the password.
  std::string realm = "Weir";
  friend bool operator==(const Config&, const Config&) = default;
};

/// What differs from listener to listener.
struct ListenerConfig {
  /// Whether those who come by the listener must log in; unset: if Config has a file.
  std::optional<bool> required;
  /// What may be reached without a login.
  std::vector<match::SitePattern> exempt_hosts;
  /// Who needs none, wherever they go.
  std::vector<base::Cidr> exempt_clients;
  friend bool operator==(const ListenerConfig&, const ListenerConfig&) = default;
};

}  // namespace weir::auth
