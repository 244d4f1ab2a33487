// What one listener asks of its clients before it serves them.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "http/own_names.h"
#include "http/stage.h"
#include "match/site_pattern.h"
#include "stages/auth/config.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// Whether a login is needed at one listener, which, and what needs none. Immutable; part of a
/// configuration.
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
  const ListenerConfig& config() const { return config_; }
  /// Whether the request may come without a login: its client is exempt, or the host that it goes
  /// to, or it is for one of Weir's own pages that need none. Depends on the target and on the
  /// session alone, never on what else the client says.
  bool exempts(const http::Request& request, const http::OwnNames& own) const;
  /// The two of which exempts() makes its answer.
  bool exempts_client(const base::IpAddress& client) const;
  bool exempts_host(std::string_view host, bool literal) const {
    return hosts_.matches(host, literal);
  }
  /// Whether the client has done all that is demanded of it before it may see what is only for this
  /// listener's clients. False for one that gets a page only because everybody does.
  bool is_met_by(const http::Request& request) const;

 private:
  ListenerConfig config_;
  match::SitePatterns hosts_;
  std::shared_ptr<Login> login_;
};

/// By listener number; null for an unused one.
using Demands = std::vector<std::shared_ptr<const Demand>>;

/// False if no listener asks for a login.
bool any_login(const Demands& demands);

}  // namespace weir::auth
