// THE list of stages.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/own_names.h"
#include "http/stage.h"
#include "origin/forward.h"
#include "policy/rules.h"
#include "server/http1/session.h"
#include "stages/auth/auth.h"
#include "tunnel/config.h"

namespace weir::proxy {

/// What all workers' pipelines are made from; immutable, made anew by a reload. Listeners go by
/// their numbers, as Listeners gives them and sessions name them; one that nobody has is null and
/// empty.
struct PipelineParts {
  std::shared_ptr<const http::OwnNames> own;
  std::vector<std::shared_ptr<const policy::ListenerRules>> rules;
  /// Who may come, by listener; empty: everybody who can.
  std::vector<std::vector<base::Cidr>> clients;
  /// Null: nobody is asked.
  std::shared_ptr<auth::Login> login;
  std::string via;
  std::string version;
};

using Stages = std::vector<std::unique_ptr<const http::Stage>>;
Stages make_stages(const PipelineParts& parts, const server::SessionContext& sessions,
                   const tunnel::TunnelConfig& tunnel, auth::Context auth,
                   origin::ForwardContext forward);

inline base::Ref<const http::Pipeline> make_pipeline(const PipelineParts& parts,
                                                     const server::SessionContext& sessions,
                                                     const tunnel::TunnelConfig& tunnel,
                                                     auth::Context auth,
                                                     origin::ForwardContext forward) {
  return base::Ref<const http::Pipeline>(
      new http::Pipeline(make_stages(parts, sessions, tunnel, auth, std::move(forward))));
}

}  // namespace weir::proxy
