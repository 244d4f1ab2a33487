// Asks the rules about a request, and remembers what was asked: the one path to a decision, for the
// request and for asking again. Pure: no socket, no look-up, no clock.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/kept_text.h"
#include "base/ref.h"
#include "http/decision.h"
#include "policy/rules.h"

namespace weir::policy {

/// Stands in place of a listener's number for Weir's own requests, which belong to no client.
inline constexpr uint32_t kHouse = UINT32_MAX;

/// The rules of all listeners, as one configuration has them. Immutable; shared by all workers.
struct RuleSet {
  /// By listener number, as sessions keep it; null for an unused number.
  std::vector<std::shared_ptr<const ListenerRules>> listeners;
  /// For Weir's own requests.
  std::shared_ptr<const ListenerRules> house;
  /// By listener number, or for kHouse.
  const std::shared_ptr<const ListenerRules>& of(uint32_t listener) const {
    return listener == kHouse ? house : listeners[listener];
  }
  /// Higher than that of every rule set made before it.
  const uint64_t generation = next_generation();

 private:
  static uint64_t next_generation();
};

/// All that a decision depends on besides the rules. Views live as long as the call.
struct Question {
  /// Its number, or kHouse.
  uint32_t listener = 0;
  /// The user who asks; empty if no login was required.
  std::string_view identity;
  /// Lower-case, without a trailing dot, an IPv6 literal without its brackets.
  std::string_view host;
  uint16_t port = 0;
  /// The request is for Weir's own pages: no rule about ports applies.
  bool own = false;
  friend bool operator==(const Question&, const Question&) = default;
};

/// A request that the rules let pass. It keeps its listener's rules alive.
class Decision final : public http::Decision {
 public:
  Decision(const RuleSet& rules, const Question& question);
  /// What was asked. The views live as long as this.
  Question question() const { return {listener_, identity_, host_, port_, own_}; }

  uint64_t generation() const override { return generation_; }
  base::Result<void> check_address(base::AddressSource source, const base::IpAddress& address,
                                   uint16_t port) const override {
    return policy::check_address(*rules_, host_, source, address, port);
  }

 private:
  const std::shared_ptr<const ListenerRules> rules_;
  const uint64_t generation_;
  const base::KeptText identity_, host_;
  const uint32_t listener_;
  const uint16_t port_;
  const bool own_;
};

/// Asks `rules`. The error is the refusal: http_request_denied, 403.
base::Result<base::Ref<const Decision>> decide(const RuleSet& rules, const Question& question);

}  // namespace weir::policy
