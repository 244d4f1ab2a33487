// Before any cost is paid, and before the cache could answer what is denied: may this client ask for that?
#pragma once
#include <memory>
#include <vector>

#include "http/own_names.h"
#include "http/stage.h"
#include "stages/policy/rules.h"

namespace weir::policy {

/// Sets the request's Decision, which keeps the rules of the listener that the client came to.
class Policy final : public http::Stage {
 public:
  /// `rules` by listener, as Session::listener counts them.
  Policy(std::vector<std::shared_ptr<const ListenerRules>> rules, std::shared_ptr<const http::OwnNames> own)
      : rules_(std::move(rules)), own_(std::move(own)) {}
  async::Task<base::Result<http::Response>> handle(http::Request request, http::Next next) const override;

 private:
  const std::vector<std::shared_ptr<const ListenerRules>> rules_;
  const std::shared_ptr<const http::OwnNames> own_;
};

}  // namespace weir::policy
