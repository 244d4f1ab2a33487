// Keys of the configuration file: [policy] and [[client]].
#pragma once
#include <span>
#include <string>

#include "base/setting.h"
#include "policy/directory.h"

namespace weir::policy {

/// What holds for all rules.
struct PolicyConfig {
  /// Where no rule decides.
  bool allow_by_default = true;
  /// An IANA name such as Europe/Zurich; empty: the machine's.
  std::string time_zone;
  friend bool operator==(const PolicyConfig&, const PolicyConfig&) = default;
};

std::span<const base::Setting<PolicyConfig>> policy_keys();
std::span<const base::Setting<ClientConfig>> client_keys();

}  // namespace weir::policy
