#include "policy/keys.h"

#include <algorithm>
#include <iterator>

namespace weir::policy {

namespace {

using Kind = base::ValueKind;

bool looks_like_network(std::string_view text) {
  return text.find_first_of("/:") != std::string_view::npos ||
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

base::Taken add_pattern(std::vector<match::HostPattern>& to, std::string_view text) {
  auto pattern = match::HostPattern::parse(text);
  if (!pattern) return std::unexpected(std::string(pattern.error().detail()));
  to.push_back(*std::move(pattern));
  return {};
}

std::vector<std::string> texts_of(const std::vector<match::HostPattern>& patterns) {
  return base::texts_of(patterns, [](const match::HostPattern& each) { return each.text(); });
}

base::Taken take_destination(Config& config, std::string_view text) {
  return looks_like_network(text) ? base::add_network(config.allowed_networks, text)
                                  : add_pattern(config.allowed_names, text);
}

std::vector<std::string> destination_texts(const Config& config) {
  std::vector<std::string> texts = texts_of(config.allowed_names);
  std::ranges::move(base::texts_of(config.allowed_networks, base::network_text),
                    std::back_inserter(texts));
  return texts;
}

constexpr base::OwnValue<Config> kLocalNames{
    .expectation = "a list of names such as [\"printer.lan\", \"*.dev.example\"]",
    .take = [](Config& config,
               std::string_view text) { return add_pattern(config.local_names, text); },
    .texts = [](const Config& config) { return texts_of(config.local_names); },
    .clear = [](Config& config) { config.local_names.clear(); },
};
constexpr base::OwnValue<Config> kDestinations{
    .expectation =
        "a list of names and networks such as [\"wiki.lan\", \"*.office.example\", "
        "\"10.1.0.0/16\"]",
    .take = take_destination,
    .texts = destination_texts,
    .clear =
        [](Config& config) {
          config.allowed_names.clear();
          config.allowed_networks.clear();
        },
};

constexpr base::Setting<Config> kKeys[] = {
    {.table = "listener",
     .name = "private",
     .kind = Kind::allow_or_deny,
     .member = &Config::private_allowed,
     .doc = "Whether a listener that only this machine can reach leads to private addresses, and "
            "to others that are not public (CGNAT, multicast, reserved). One that other machines "
            "can reach never does, unless `allow` says so."},
    {.table = "listener",
     .name = "local_names",
     .kind = Kind::own,
     .member = kLocalNames,
     .doc = "Names that may lead to loopback and link-local addresses. Others lead there only as "
            "an address, as localhost or by /etc/hosts: where DNS answers with such an address, a "
            "web site may be trying to reach into this machine."},
    {.table = "listener",
     .name = "allow",
     .kind = Kind::own,
     .member = kDestinations,
     .doc =
         "Names and networks that are destinations although their addresses are not public. On a "
         "listener that only this machine can reach it opens what `private = \"deny\"` closes."},
};

}  // namespace

std::span<const base::Setting<Config>> keys() {
  return kKeys;
}

}  // namespace weir::policy
