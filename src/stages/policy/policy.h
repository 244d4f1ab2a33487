// Decides whether a client may make a request. Runs before any cost is paid, and before the cache
// could answer a denied request.
#pragma once
#include <memory>
#include <vector>

#include "http/own_names.h"
#include "http/stage.h"
#include "policy/rules.h"

namespace weir::policy {

class RulesDecision;

/// Sets the request's Decision, which keeps the rules of the listener that the client came to.
class Policy final : public http::Stage {
 public:
  /// `rules` are indexed by listener, as Session::listener counts them.
  Policy(std::vector<std::shared_ptr<const ListenerRules>> rules,
         std::shared_ptr<const http::OwnNames> own);
  ~Policy() override;
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;

 private:
  const std::vector<std::shared_ptr<const ListenerRules>> rules_;
  const std::shared_ptr<const http::OwnNames> own_;
  /// The last decision of each listener: requests for the parts of a page mostly go to the same
  /// host again. Used only on the pipeline's worker.
  mutable std::vector<base::Ref<const RulesDecision>> last_;
};

}  // namespace weir::policy
