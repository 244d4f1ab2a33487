// What one listener asks of its clients before it serves them.
#pragma once
#include <memory>
#include <vector>

#include "stages/auth/config.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// Whether a login is needed at one listener, and which. Immutable; part of a configuration.
class Demand {
 public:
  /// `login` is the configured one; null if there is none.
  Demand(const ListenerConfig& config, std::shared_ptr<Login> login);

  /// The same for sessions of a listener that a reload has closed. They use the new configuration's
  /// `login`, as that holds on every listener. If it has none, a listener that said by itself that
  /// a login is needed keeps the one that it had, so that closing it opens nothing.
  static Demand of_closed(const Demand& before, std::shared_ptr<Login> login);

  /// Null: nobody is asked.
  const std::shared_ptr<Login>& login() const { return login_; }

 private:
  ListenerConfig config_;
  std::shared_ptr<Login> login_;
};

/// By listener number; null for an unused one.
using Demands = std::vector<std::shared_ptr<const Demand>>;

}  // namespace weir::auth
