// The list of stages that every request passes.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/own_names.h"
#include "http/stage.h"
#include "intercept/opener.h"
#include "journal/denials.h"
#include "net/tls/key_log.h"
#include "net/tls/trust_store.h"
#include "origin/forward.h"
#include "policy/decide.h"
#include "server/http1/session.h"
#include "stages/auth/auth.h"
#include "stages/errors/pages.h"
#include "stages/own/authority_page.h"
#include "tunnel/config.h"

namespace weir::proxy {

/// What the pipelines of all workers are made from, and keep alive: stages refer to it. Immutable;
/// a reload makes a new one, and running exchanges keep the one that they began with. The lists are
/// indexed by listener number, as Listeners assigns it and sessions keep it; for an unused number,
/// the clients are empty, and other elements null.
struct PipelineParts {
  std::shared_ptr<const http::OwnNames> own;
  std::shared_ptr<const policy::RuleSet> rules;
  /// Which clients may connect, by listener; empty: all that can reach it.
  std::vector<std::vector<base::Cidr>> clients;
  /// What rules call the listeners, in the same order.
  std::vector<policy::ListenerName> listener_names;
  /// Where they listen; nothing for one that is closed.
  std::vector<std::optional<base::Endpoint>> listening;
  /// Null: no file of logins is configured.
  std::shared_ptr<auth::Login> login;
  /// Who must log in, by listener.
  auth::Demands demands;
  /// The limits of exchanges with origins and of tunnels.
  origin::OriginConfig origin;
  tunnel::TunnelConfig tunnel;
  errors::Pages pages;
  /// What Weir shows to clients whose TLS it opens; null: there is no authority, and nothing is
  /// opened.
  std::shared_ptr<intercept::Leaves> leaves;
  /// Its certificates, and the prepared generation's, as own pages offer them.
  std::vector<own::Authority> authorities;
  /// Who may vouch for origins.
  std::shared_ptr<net::TrustStore> trust;
  /// Where the secrets of TLS go; null: nowhere.
  std::shared_ptr<net::KeyLog> key_log;
  /// The log says what requests are for, and the page that they come from.
  bool log_purpose = false;
  std::string via;
  std::string version;
};

struct Stages {
  std::vector<std::unique_ptr<const http::Stage>> all;
  /// How many of them, from the first one, only requests of clients pass; Weir's own begin below
  /// (proxy/errand.h).
  size_t for_clients = 0;
};
/// `parts` outlives the stages.
Stages make_stages(const PipelineParts& parts, const server::SessionContext& sessions,
                   auth::Context auth, origin::ForwardContext forward,
                   const journal::Denials& denials, intercept::Opener& opener);

/// `forward` refers to the configuration in `parts`, which the pipeline keeps alive.
inline base::Ref<const http::Pipeline> make_pipeline(
    const std::shared_ptr<const PipelineParts>& parts, const server::SessionContext& sessions,
    auth::Context auth, origin::ForwardContext forward, const journal::Denials& denials,
    intercept::Opener& opener) {
  Stages stages = make_stages(*parts, sessions, auth, std::move(forward), denials, opener);
  return base::Ref<const http::Pipeline>(
      new http::Pipeline(std::move(stages.all), parts, stages.for_clients));
}

}  // namespace weir::proxy
