// What questions are asked against: the rules of a running Weir, or those of a file.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time_zone.h"
#include "http/own_names.h"
#include "policy/decide.h"
#include "policy/directory.h"
#include "stages/auth/config.h"

namespace weir::explain {

/// An address that Weir listens on.
struct Listener {
  /// By which rules know it; several addresses of one listener may have the same.
  uint32_t number = 0;
  std::string name;
  base::Endpoint address;
  /// Who may connect; empty: all that can reach it.
  std::vector<base::Cidr> clients;
  /// What needs no login there; nothing: nobody has to log in.
  std::optional<auth::ListenerConfig> login = {};
};

/// Owns or shares all that it has; any thread may use it.
struct World {
  std::shared_ptr<const policy::RuleSet> rules;
  std::shared_ptr<const http::OwnNames> own;
  std::vector<policy::ClientConfig> clients;
  /// At least one.
  std::vector<Listener> listeners;
  /// NAME of each list, by its number.
  std::vector<std::string> lists;
  /// Of the rules.
  base::TimeZone zone;
  /// The hour for questions that name none.
  policy::LocalTime now;
};

}  // namespace weir::explain
