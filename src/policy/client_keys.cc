#include "policy/client_keys.h"

#include <algorithm>

#include "base/time_zone.h"
#include "policy/own_values.h"
#include "policy/presets.h"

namespace weir::policy {
namespace {

using Kind = base::ValueKind;
using Own = base::OwnValue<ClientConfig>;

constexpr base::OwnValue<PolicyConfig> kTimeZone{
    .expectation = "a time zone such as \"Europe/Zurich\", or \"\"",
    .take = [](PolicyConfig& config, std::string_view text) -> base::Taken {
      std::string name(text);
      if (!base::TimeZone::named(name)) return std::unexpected("this machine knows no such zone");
      config.time_zone = std::move(name);
      return {};
    },
    .texts = [](const PolicyConfig& config) { return std::vector{config.time_zone}; }};

constexpr base::OwnValue<PolicyConfig> kPresetNames{
    .expectation = "a list of some of \"ads\", \"malware\", \"adult\", \"social\", \"gambling\"",
    .take = [](PolicyConfig& config, std::string_view text) -> base::Taken {
      if (std::ranges::find(kPresets, text) == kPresets.end())
        return std::unexpected("there is no preset of that name");
      if (std::ranges::find(config.presets, text) != config.presets.end())
        return std::unexpected("it is there twice");
      config.presets.emplace_back(text);
      return {};
    },
    .texts = [](const PolicyConfig& config) { return config.presets; },
    .clear = [](PolicyConfig& config) { config.presets.clear(); }};

constexpr base::Setting<PolicyConfig> kPolicyKeys[] = {
    {.table = "policy",
     .name = "default",
     .kind = Kind::allow_or_deny,
     .member = &PolicyConfig::allow_by_default,
     .doc = "What happens to a request about which no rule decides."},
    {.table = "policy",
     .name = "time_zone",
     .kind = Kind::own,
     .member = kTimeZone,
     .doc = "Where the hours in rules are meant, as the tz database calls it. Empty: the "
            "machine's time zone."},
    {.table = "policy",
     .name = "presets",
     .kind = Kind::own,
     .member = kPresetNames,
     .doc = "Rules for everyone, behind all that are written: what the lists of the category of "
            "that name have is denied. They are called preset:NAME and are filters, which `weir "
            "pause` skips; the one for malware is a guard. See lists.md."},
    {.table = "policy",
     .name = "geo",
     .kind = Kind::path,
     .member = &PolicyConfig::geo,
     .doc = "A database of the countries of addresses in MaxMind's format (.mmdb), such as "
            "GeoLite2-Country, for rules with `country`. It is read into memory at start and at "
            "each reload, and may be replaced at any time. See countries.md."},
};

constexpr Own kName = text_value<ClientConfig, &ClientConfig::name>("a name such as \"tablet\"");
constexpr Own kUsers =
    words<ClientConfig, &ClientConfig::users, any_word>("a list of users such as [\"ada\"]");
constexpr Own kListeners =
    words<ClientConfig, &ClientConfig::listeners, any_word>("a list of names of listeners");
constexpr Own kGroups =
    words<ClientConfig, &ClientConfig::groups, any_word>("a list of groups such as [\"kids\"]");

constexpr base::Setting<ClientConfig> kClientKeys[] = {
    {.table = "client",
     .name = "name",
     .kind = Kind::own,
     .member = kName,
     .required = true,
     .doc = "What rules call the client. Several entries may have the same name."},
    {.table = "client",
     .name = "addresses",
     .kind = Kind::networks,
     .member = &ClientConfig::addresses,
     .doc = "Networks and addresses that the client comes from. The entry is for whoever any of "
            "its keys has."},
    {.table = "client",
     .name = "users",
     .kind = Kind::own,
     .member = kUsers,
     .doc = "The names that the client's users log in with."},
    {.table = "client",
     .name = "listeners",
     .kind = Kind::own,
     .member = kListeners,
     .doc = "Listeners that the client comes by, by their `name`."},
    {.table = "client",
     .name = "groups",
     .kind = Kind::own,
     .member = kGroups,
     .doc = "The groups that the client belongs to. There may be 64 different ones."},
};

}  // namespace

std::span<const base::Setting<PolicyConfig>> policy_keys() {
  return kPolicyKeys;
}
std::span<const base::Setting<ClientConfig>> client_keys() {
  return kClientKeys;
}

}  // namespace weir::policy
