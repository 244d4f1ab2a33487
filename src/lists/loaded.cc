#include "lists/loaded.h"

#include <optional>
#include <utility>

namespace weir::lists {
namespace {

using match::DomainKey;
using match::Finding;
using match::HostForm;
using match::HostHashes;

/// A request is asked about in one list after the other, whose images have the same key: its host
/// is hashed once. Valid until the next call on this thread.
const HostHashes& hashes_of(const DomainKey& key, std::string_view host, HostForm form) {
  struct Last {
    std::string host;
    std::optional<HostHashes> hashes;  // Refers to `host`.
  };
  thread_local Last last;
  const bool same =
      last.hashes && last.host == host && last.hashes->form() == form && last.hashes->key() == key;
  if (!same) {
    last.hashes.reset();
    last.host = host;
    last.hashes.emplace(key, last.host, form);
  }
  return *last.hashes;
}

policy::Holds holds(Finding finding) {
  switch (finding) {
    case Finding::yes: return policy::Holds::yes;
    case Finding::no: return policy::Holds::no;
    case Finding::unknown: break;
  }
  return policy::Holds::unknown;
}

}  // namespace

policy::FactSet Loaded::needs(uint32_t list) const {
  policy::FactSet needs;
  if (lists_[list].off) return needs;
  const match::ListImage& image = lists_[list].file->image();
  if (image.has_networks()) needs.add(policy::Fact::address);
  if (image.has_urls()) needs.add(policy::Fact::url);
  return needs;
}

policy::Holds Loaded::has(uint32_t list, const policy::Facts& facts, policy::ListHit& hit) const {
  if (lists_[list].off) return policy::Holds::no;
  const match::ListImage& image = lists_[list].file->image();
  const HostForm form = facts.literal ? HostForm::literal : HostForm::name;
  const match::ListQuery query{.url = {.host = hashes_of(image.key(), facts.host, form),
                                       .port = facts.port,
                                       .https = facts.https,
                                       .path = facts.path},
                               .address = image.has_networks() && facts.literal
                                              ? base::IpAddress::parse(facts.host)
                                              : facts.address};
  uint32_t line = 0;
  const Finding found = image.find(query, line);
  if (found == Finding::yes) hit = {list, line};
  return holds(found);
}

std::vector<policy::ListName> Loaded::names() const {
  std::vector<policy::ListName> names;
  for (const LoadedList& each : lists_) names.push_back({each.name, each.category});
  return names;
}

std::string Loaded::place_of(const policy::ListHit& hit) const {
  const LoadedList& list = lists_[hit.list];
  const auto sources = list.file->image().sources();
  const auto place = match::place_of(sources, static_cast<uint32_t>(hit.entry));
  // A damaged image may name any line.
  if (!place) return "lists." + list.name;
  const std::string& source = sources[place->source].name;
  if (!source.empty()) return source + ':' + std::to_string(place->line);
  return place->line <= list.rule_places.size() ? list.rule_places[place->line - 1]
                                                : "lists." + list.name + ".rules";
}

}  // namespace weir::lists
