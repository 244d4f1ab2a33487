// `[intercept]` ready to be asked about a host: what the mode says of it, and what is never opened.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "match/site_pattern.h"
#include "policy/opening_config.h"

namespace weir::policy {

/// Immutable once made; any thread may use it. `host` is in the form in which requests have it
/// (match::SitePatterns::matches). Texts that are returned live as long as the plan.
class OpeningPlan {
 public:
  /// Nothing is opened.
  OpeningPlan() = default;
  explicit OpeningPlan(const OpeningConfig& config);

  /// Something may be opened.
  bool on() const { return mode_ != OpeningMode::off; }
  /// It says nothing, so that without rules nothing has to be asked.
  bool silent() const { return !on() && sni_ != SniCheck::match; }
  SniCheck sni() const { return sni_; }
  OnReject on_reject() const { return on_reject_; }

  /// Why the host is never opened: `bypass:KIND`, `intercept.bypass`; empty: it may be.
  std::string_view bypassed(std::string_view host, bool literal) const;
  /// What the mode says of a host. `why` is empty where nothing speaks of it.
  struct Said {
    bool open = false;
    std::string_view why;
  };
  Said of(std::string_view host, bool literal) const;
  bool relays_bad_origin(std::string_view host, bool literal) const {
    return bad_origins_.matches(host, literal);
  }

 private:
  struct Bypass {
    std::string why;
    match::SitePatterns hosts;
  };
  OpeningMode mode_ = OpeningMode::off;
  SniCheck sni_ = SniCheck::by_default;
  OnReject on_reject_ = OnReject::tunnel;
  match::SitePatterns hosts_, bad_origins_;
  std::vector<Bypass> bypasses_;
};

/// Whether the host belongs to a network of the owner's own, so that "all-but" leaves it alone: a
/// name of one label, one below `local`, `internal`, `localhost` or `home.arpa` (RFC 6762, RFC
/// 6761, RFC 8375) or `lan`, which routers use, or an address that is not public.
bool is_own_network(std::string_view host, bool literal);

}  // namespace weir::policy
