#include "stages/auth/demand.h"

#include <algorithm>
#include <utility>

#include "http/own_pages.h"

namespace weir::auth {

Demand::Demand(const ListenerConfig& config, std::shared_ptr<Login> login) : config_(config) {
  for (const match::SitePattern& pattern : config_.exempt_hosts) hosts_.add(pattern);
  if (config_.required.value_or(true)) login_ = std::move(login);
}

Demand Demand::of_closed(const Demand& before, std::shared_ptr<Login> login) {
  if (!login && before.config_.required == true) login = before.login_;
  return {before.config_, std::move(login)};
}

bool Demand::exempts_client(const base::IpAddress& client) const {
  return std::ranges::any_of(config_.exempt_clients,
                             [&](const base::Cidr& network) { return network.contains(client); });
}

bool Demand::exempts(const http::Request& request, const http::OwnNames& own) const {
  const http::Session& session = request.session();
  if (exempts_client(session.client.address)) return true;
  if (own.answers(*request.head, session)) return http::needs_no_login(*request.head);
  if (hosts_.empty()) return false;
  // Inside a tunnel the bytes go where the CONNECT led, while the Host inside may give that place
  // another name: neither may lead to what needs a login.
  if (session.depth > 0 && !exempts_host(session.opened_host.view(), session.opened_literal))
    return false;
  const http::Target& target = request.head->target;
  return exempts_host(target.host, target.literal);
}

bool Demand::is_met_by(const http::Request& request) const {
  return !login_ || !request.asker->identity.empty() ||
         exempts_client(request.session().client.address);
}

bool any_login(const Demands& demands) {
  return std::ranges::any_of(demands, [](const auto& demand) { return demand && demand->login(); });
}

}  // namespace weir::auth
