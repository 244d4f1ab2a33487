#include "proxy/pipeline.h"

#include "stages/admission/admission.h"
#include "stages/auth/recheck.h"
#include "stages/errors/errors.h"
#include "stages/own/own.h"
#include "stages/policy/policy.h"
#include "stages/restart/restart.h"
#include "stages/validate/max_forwards.h"
#include "stages/validate/validate.h"
#include "tunnel/opened_tunnel.h"
#include "tunnel/recognise.h"

namespace weir::proxy {
namespace {

admission::Context admission_of(const server::SessionContext& sessions) {
  return {.refuses =
              [&sessions](const http::Session& session) {
                return sessions.clients && sessions.clients->refuses(session);
              },
          .refused_for_memory =
              base::Callback<>::to<&server::LiveConnections::count_refused_for_memory>(
                  sessions.connections)};
}

own::Context own_context(const PipelineParts& parts, const journal::Denials& denials,
                         intercept::Opener& opener) {
  return {.denials = denials,
          .may_see_denials =
              [&parts](const http::Request& request) {
                return parts.demands[request.session().listener]->is_met_by(request);
              },
          .authorities = parts.authorities,
          .last_tunnel =
              [&opener](const http::Request& request) {
                const intercept::LastTunnel last = opener.learned().last_tunnel(
                    tunnel::client_of(*request.asker), async::EventLoop::current().now_ms());
                return own::LastTunnel{last.host, last.tls, last.aside};
              },
          .contact = {parts.pages.contact, errors::with_link(parts.pages.contact)}};
}

}  // namespace

/// The whole path of a request, top to bottom; the response goes back bottom to top. The order is a
/// security property.
Stages make_stages(const PipelineParts& parts, const server::SessionContext& sessions,
                   auth::Context auth, origin::ForwardContext forward,
                   const journal::Denials& denials, intercept::Opener& opener) {
  Stages made;
  auto& stages = made.all;
  // Outermost: turns any error from the stages below into an error page.
  stages.push_back(std::make_unique<errors::Errors>(parts.via, parts.pages));
  // Before anyone looks at what the request is: a client that is not served learns nothing more.
  stages.push_back(std::make_unique<admission::Admission>(admission_of(sessions)));
  // Before any other stage relies on a field.
  stages.push_back(std::make_unique<validate::Validate>(parts.own, parts.via));
  // Above restart, so that it runs once, on the request as the client sent it.
  stages.push_back(std::make_unique<auth::Auth>(parts.demands, parts.own, auth));
  // Below auth: Weir's own answer requires a login too.
  stages.push_back(std::make_unique<validate::MaxForwards>());
  // Requests of Weir's own begin here. There is nobody above to make a page for, no field from
  // outside to distrust, and no login to ask for; policy has to see them like any other.
  made.for_clients = stages.size();
  // Above policy, which has to check the target of every restart.
  stages.push_back(std::make_unique<restart::Restart>());
  // A rule must not lead a request that came without a login to where one is needed. Above policy,
  // as its word on the new target is nothing for a client that has to log in first.
  if (auth::any_login(parts.demands))
    stages.push_back(std::make_unique<auth::Recheck>(parts.demands, parts.own));
  // Before anything costly, such as a connection.
  stages.push_back(std::make_unique<policy::Policy>(
      parts.rules, parts.own, parts.log_purpose ? policy::Notes::purpose : policy::Notes::none,
      [&opener](const http::Request& request) {
        return opener.ready() && opener.learned().trusts(tunnel::client_of(*request.asker),
                                                         async::EventLoop::current().now_ms());
      }));
  // A request inside a tunnel starts at the top again. Above own, because a CONNECT to Weir's own
  // name carries such a session too.
  stages.push_back(std::make_unique<tunnel::Recognise>(sessions, parts.tunnel, &opener));
  // Before forward, which would look for an origin.
  stages.push_back(
      std::make_unique<own::Own>(parts.own, parts.version, own_context(parts, denials, opener)));
  // Last: passes the request on to no other stage.
  stages.push_back(std::make_unique<origin::Forward>(std::move(forward)));
  return made;
}

}  // namespace weir::proxy
