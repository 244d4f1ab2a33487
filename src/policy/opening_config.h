// What the owner wants opened: `[intercept]` as it is written.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "match/site_pattern.h"

namespace weir::policy {

/// Which https a CONNECT carries is opened, beside what rules say.
enum class OpeningMode : uint8_t { off, only, all_but };

/// Whether a ClientHello has to name the host that CONNECT named. By default it has to where the
/// session is opened, or where a rule about hosts allowed it.
enum class SniCheck : uint8_t { by_default, match, log };

/// What becomes of a session that can't be opened, for a reason that is nobody's fault.
enum class OnReject : uint8_t { unset, tunnel, deny };

/// The kinds of hosts in bypass.txt.
inline constexpr auto kBypassKinds = std::to_array<std::string_view>(
    {"platform", "pinned", "client-certificate", "finance", "health"});

struct OpeningConfig {
  OpeningMode mode = OpeningMode::off;
  /// The hosts that are opened (only), or those that are not (all-but).
  std::vector<match::SitePattern> hosts;
  /// Of kBypassKinds, each once.
  std::vector<std::string> bypass_kinds{kBypassKinds.begin(), kBypassKinds.end()};
  /// The owner's own hosts that are never opened.
  std::vector<match::SitePattern> bypass;
  SniCheck sni = SniCheck::by_default;
  /// Never OnReject::unset.
  OnReject on_reject = OnReject::tunnel;
  /// Hosts whose certificate the client shall judge if Weir can't verify it.
  std::vector<match::SitePattern> bad_origin_tunnel;
  friend bool operator==(const OpeningConfig&, const OpeningConfig&) = default;
};

}  // namespace weir::policy
