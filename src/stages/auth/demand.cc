#include "stages/auth/demand.h"

#include <utility>

namespace weir::auth {

Demand::Demand(const ListenerConfig& config, std::shared_ptr<Login> login) : config_(config) {
  if (config_.required.value_or(true)) login_ = std::move(login);
}

Demand Demand::of_closed(const Demand& before, std::shared_ptr<Login> login) {
  if (!login && before.config_.required == true) login = before.login_;
  return {before.config_, std::move(login)};
}

}  // namespace weir::auth
