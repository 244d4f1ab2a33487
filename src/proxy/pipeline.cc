#include "proxy/pipeline.h"

#include "stages/errors/errors.h"
#include "stages/own/own.h"
#include "stages/policy/policy.h"
#include "stages/restart/restart.h"
#include "stages/validate/max_forwards.h"
#include "stages/validate/validate.h"
#include "tunnel/recognise.h"

namespace weir::proxy {

/// The whole life of a request, top to bottom; the way back runs bottom to top. The order is a
/// security property.
Stages make_stages(const PipelineParts& parts, const server::SessionContext& sessions,
                   const tunnel::TunnelConfig& tunnel, auth::Context auth,
                   origin::ForwardContext forward) {
  Stages stages;
  // First in, last out: an error becomes a page.
  stages.push_back(std::make_unique<errors::Errors>(parts.via));
  // Before anyone believes a field.
  stages.push_back(std::make_unique<validate::Validate>(parts.own, parts.via));
  // Once, of the client's own words: above restart.
  stages.push_back(std::make_unique<auth::Auth>(parts.login, auth));
  // Weir's own answer too wants a login.
  stages.push_back(std::make_unique<validate::MaxForwards>());
  // Above policy, which has to see every target.
  stages.push_back(std::make_unique<restart::Restart>());
  // Before any cost is paid.
  stages.push_back(std::make_unique<policy::Policy>(parts.rules, parts.own));
  // What is inside a tunnel starts at the top again; above own, whose CONNECT is a session inside
  // too.
  stages.push_back(std::make_unique<tunnel::Recognise>(sessions, tunnel));
  // Before anything looks for an origin.
  stages.push_back(std::make_unique<own::Own>(parts.own, parts.version));
  // Terminal.
  stages.push_back(std::make_unique<origin::Forward>(std::move(forward)));
  return stages;
}

}  // namespace weir::proxy
