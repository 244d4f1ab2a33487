// Keys of the configuration file: [policy] and [[client]].
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/setting.h"
#include "match/country_file.h"
#include "policy/directory.h"

namespace weir::policy {

/// What holds for all rules.
struct PolicyConfig {
  /// Where no rule decides.
  bool allow_by_default = true;
  /// An IANA name such as Europe/Zurich; empty: the machine's.
  std::string time_zone;
  /// Of kPresets, each once.
  std::vector<std::string> presets;
  /// A file in MaxMind's format; empty: rules ask about no country.
  std::string geo;
  /// What that file held when the configuration was read; null if there is none.
  std::shared_ptr<const match::CountryFile> countries;
  friend bool operator==(const PolicyConfig&, const PolicyConfig&) = default;
};

std::span<const base::Setting<PolicyConfig>> policy_keys();
std::span<const base::Setting<ClientConfig>> client_keys();

}  // namespace weir::policy
