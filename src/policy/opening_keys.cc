#include "policy/opening_keys.h"

#include <algorithm>

#include "policy/own_values.h"

namespace weir::policy {
namespace {

using base::Taken;
using Kind = base::ValueKind;
using Own = base::OwnValue<OpeningConfig>;

constexpr auto kModes = std::to_array<std::string_view>({"off", "only", "all-but"});
constexpr auto kSniChecks = std::to_array<std::string_view>({"", "match", "log"});
constexpr auto kOnReject = std::to_array<std::string_view>({"", "tunnel", "deny"});

/// Sets the value whose name is `text`.
template <class T, size_t size>
Taken take_named(T& to, const std::array<std::string_view, size>& names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::unexpected(std::string());
  to = static_cast<T>(found - names.begin());
  return {};
}

Taken take_kind(OpeningConfig& config, std::string_view text) {
  if (std::ranges::find(kBypassKinds, text) == kBypassKinds.end())
    return std::unexpected("there is no kind of that name");
  if (std::ranges::find(config.bypass_kinds, text) != config.bypass_kinds.end())
    return std::unexpected("it is there twice");
  config.bypass_kinds.emplace_back(text);
  return {};
}

template <std::vector<match::SitePattern> OpeningConfig::* member>
constexpr Own kSites = patterns<OpeningConfig, match::SitePattern, member>(
    "a list of hosts such as [\"example.com\", \"=www.example.org\"]");

constexpr Own kMode{
    .expectation = "\"off\", \"only\" or \"all-but\"",
    .take = [](OpeningConfig& config,
               std::string_view text) { return take_named(config.mode, kModes, text); },
    .texts =
        [](const OpeningConfig& config) {
          return std::vector{std::string(kModes[static_cast<size_t>(config.mode)])};
        }};
constexpr Own kKinds{.expectation =
                         "a list of some of \"platform\", \"pinned\", \"client-certificate\", "
                         "\"finance\", \"health\"",
                     .take = take_kind,
                     .texts = [](const OpeningConfig& config) { return config.bypass_kinds; },
                     .clear = [](OpeningConfig& config) { config.bypass_kinds.clear(); }};
constexpr Own kSni{
    .expectation = "\"match\" or \"log\", or \"\"",
    .take = [](OpeningConfig& config,
               std::string_view text) { return take_named(config.sni, kSniChecks, text); },
    .texts =
        [](const OpeningConfig& config) {
          return std::vector{std::string(kSniChecks[static_cast<size_t>(config.sni)])};
        }};
constexpr Own kRejected{
    .expectation = "\"tunnel\" or \"deny\"",
    .take = [](OpeningConfig& config,
               std::string_view text) { return take_on_reject(config.on_reject, text); },
    .texts =
        [](const OpeningConfig& config) {
          return std::vector{std::string(name_of(config.on_reject))};
        }};

constexpr base::Setting<OpeningConfig> kKeys[] = {
    {.table = "intercept",
     .name = "mode",
     .kind = Kind::own,
     .member = kMode,
     .doc = "Which https is opened of what a CONNECT carries: none, `hosts` only, or all but "
            "`hosts`. Rules with `action = \"open\"` add hosts unless it is \"off\", and rules "
            "with \"tunnel\" take hosts away. See https.md."},
    {.table = "intercept",
     .name = "hosts",
     .kind = Kind::own,
     .member = kSites<&OpeningConfig::hosts>,
     .doc = "The hosts of `mode`, written as in `what.host` of a rule."},
    {.table = "intercept",
     .name = "bypass_kinds",
     .kind = Kind::own,
     .member = kKinds,
     .doc = "Kinds of hosts of which Weir brings a list, and which are never opened. Two of them, "
            "\"finance\" and \"health\", have no hosts of Weir's: name yours in `bypass`."},
    {.table = "intercept",
     .name = "bypass",
     .kind = Kind::own,
     .member = kSites<&OpeningConfig::bypass>,
     .doc = "Hosts of your own that are never opened, whatever the mode and rules say."},
    {.table = "intercept",
     .name = "sni",
     .kind = Kind::own,
     .member = kSni,
     .doc = "Whether the name in a tunnel's ClientHello has to be the CONNECT's host: \"match\" "
            "ends a tunnel in which it is not, \"log\" only notes it. Empty: \"match\" where the "
            "session is opened or a rule about hosts allowed it, else \"log\". A CONNECT to an "
            "address is never held to it."},
    {.table = "intercept",
     .name = "on_reject",
     .kind = Kind::own,
     .member = kRejected,
     .doc = "What becomes of a session that shall be opened and can't be, such as one whose "
            "client takes no certificate but the site's: \"tunnel\" relays it unread, \"deny\" "
            "ends it. A rule may say otherwise for its hosts. What rules can only decide by what "
            "is inside is always denied."},
    {.table = "intercept",
     .name = "bad_origin_tunnel",
     .kind = Kind::own,
     .member = kSites<&OpeningConfig::bad_origin_tunnel>,
     .doc = "Hosts that are relayed unread if Weir can't verify their certificate, so that the "
            "client judges it."},
};

}  // namespace

std::span<const base::Setting<OpeningConfig>> opening_keys() {
  return kKeys;
}

base::Taken take_on_reject(OnReject& to, std::string_view text) {
  if (text.empty()) return std::unexpected(std::string());
  return take_named(to, kOnReject, text);
}

std::string_view name_of(OnReject on_reject) {
  return kOnReject[static_cast<size_t>(on_reject)];
}

}  // namespace weir::policy
