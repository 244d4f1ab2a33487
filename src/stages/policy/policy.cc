#include "stages/policy/policy.h"

#include <string>

namespace weir::policy {

class RulesDecision final : public http::Decision {
 public:
  RulesDecision(std::shared_ptr<const ListenerRules> rules, std::string_view host)
      : rules_(std::move(rules)), host_(host) {}
  const std::string& host() const { return host_; }
  uint64_t rules_id() const override { return rules_->id(); }
  base::Result<void> check(base::AddressSource source, const base::IpAddress& address,
                           uint16_t port) const override {
    return policy::check(*rules_, host_, source, address, port);
  }

 private:
  const std::shared_ptr<const ListenerRules> rules_;
  const std::string host_;
};

Policy::Policy(std::vector<std::shared_ptr<const ListenerRules>> rules,
               std::shared_ptr<const http::OwnNames> own)
    : rules_(std::move(rules)), own_(std::move(own)), last_(rules_.size()) {}
Policy::~Policy() = default;

async::Task<base::Result<http::Response>> Policy::handle(http::Request request,
                                                         http::Next next) const {
  const http::Target& target = request.head->target;
  const auto& rules = rules_[request.session().listener];
  const bool connects = request.head->method == http::Method::connect;
  // A plain request to our own address is answered by Weir itself; a CONNECT to it meets the rules
  // like any other.
  const bool own = connects ? own_->is_own_name(target.host)
                            : request.session().own || own_->covers(target, request.session());
  if (!own) {
    if (auto port = check_port(*rules, target.port); !port)
      return http::fail_with(std::move(port).error());
  }
  base::Ref<const RulesDecision>& last = last_[request.session().listener];
  if (!last || last->host() != target.host)
    last = base::Ref<const RulesDecision>(new RulesDecision(rules, target.host));
  request.decision = last;
  return next(std::move(request));
}

}  // namespace weir::policy
