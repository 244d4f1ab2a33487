#include "policy/condition.h"

#include <algorithm>

#include "match/address_class.h"
#include "policy/request_kind.h"

namespace weir::policy {
namespace {

/// Whether a key with these values holds: not there, it holds; its value unknown, so is it.
template <class Values, class Value, class Has>
Holds key(const Values& values, const std::optional<Value>& value, Has has) {
  if (values.empty()) return Holds::yes;
  if (!value) return Holds::unknown;
  return holds(std::ranges::any_of(values, [&](const auto& each) { return has(each, *value); }));
}

bool has(const std::vector<uint32_t>& numbers, uint32_t number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

bool same(const std::string& one, std::string_view other) {
  return one == other;
}

/// `image/*` has every image.
bool has_type(const std::string& pattern, std::string_view type) {
  if (!pattern.ends_with("/*")) return pattern == type;
  return type.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

/// Connecting to 0.0.0.0/8 or :: reaches this machine, as 127.0.0.1 and ::1 do.
bool has_this_machine(const base::Cidr& network, const base::IpAddress& address) {
  static const base::IpAddress kLoopback4 = base::IpAddress::v4(127, 0, 0, 1);
  static const base::IpAddress kLoopback6 = *base::IpAddress::parse("::1");
  if (address.is_v4()) return address.bytes()[0] == 0 && network.contains(kLoopback4);
  return address.is_unspecified() && network.contains(kLoopback6);
}

/// An address that stands for an IPv4 one, in any of IPv6's forms, is in that one's networks too.
bool has_address(const base::Cidr& network, const base::IpAddress& address) {
  if (network.contains(address) || has_this_machine(network, address.unmapped())) return true;
  const base::IpAddress plain = address.unmapped();
  if (plain != address) return network.contains(plain);
  if (!match::stands_for_v4_alone(address)) return false;
  const base::EmbeddedV4 readings = base::embedded_v4_readings(address);
  return std::ranges::any_of(readings,
                             [&](const base::IpAddress& v4) { return network.contains(v4); });
}

Holds urls(const std::vector<match::UrlPattern>& patterns, const Facts& facts) {
  if (patterns.empty()) return Holds::yes;
  if (facts.path && facts.https) {
    const match::UrlParts url{*facts.https, facts.host, facts.port, *facts.path,
                              facts.other_reading};
    return holds(
        std::ranges::any_of(patterns, [&](const auto& each) { return each.matches(url); }));
  }
  const bool may = std::ranges::any_of(
      patterns, [&](const auto& each) { return each.may_match(facts.host, facts.port); });
  return may ? Holds::unknown : Holds::no;
}

Holds lists_have(const std::vector<uint32_t>& numbers, const Facts& facts, const Lists& lists,
                 std::optional<ListHit>& hit) {
  if (numbers.empty()) return Holds::yes;
  Holds any = Holds::no;
  for (const uint32_t number : numbers) {
    if (number == kNoList) continue;
    ListHit found;
    const Holds has = lists.has(number, facts, found);
    if (has == Holds::yes) {
      hit = found;
      return has;
    }
    if (has == Holds::unknown) any = has;
  }
  return any;
}

/// What the request may be for tells only where all of it, or none of it, is wanted.
Holds kinds_told(ContentKinds wanted, const Facts& facts) {
  if (!facts.kinds) return Holds::unknown;
  if (!facts.kinds->intersects(wanted)) return Holds::no;
  return facts.kinds->lies_inside(wanted) ? Holds::yes : Holds::unknown;
}

Holds kinds(const What& what, const Facts& facts) {
  if (what.kinds.empty()) return Holds::yes;
  const Holds told = kinds_told(what.kinds, facts);
  if (!what.doubts_client || told == Holds::yes) return told;
  if (!facts.content_type) return Holds::unknown;
  const auto content = kinds_of_content(*facts.content_type);
  return content && content->intersects(what.kinds) ? Holds::yes : told;
}

/// Of a `not_` key.
Holds other_kinds(const What& what, const Facts& facts) {
  const Holds told = kinds_told(what.kinds, facts);
  if (!what.doubts_client || told == Holds::no) return told;
  if (!facts.content_type) return Holds::unknown;
  const auto content = kinds_of_content(*facts.content_type);
  return content && !content->lies_inside(what.kinds) ? Holds::no : told;
}

/// All keys of `what`, each of which has to hold.
Holds all_keys(const What& what, const Facts& facts, const Lists& lists,
               std::optional<ListHit>& hit) {
  const std::optional<uint16_t> port = facts.port;
  Holds all = holds(what.hosts.empty() || what.hosts.matches(facts.host, facts.literal));
  all = both(all, key(what.ports, port, std::equal_to<>()));
  if (all == Holds::no) return all;  // The usual end: nothing else is looked at.
  all = both(all, urls(what.urls, facts));
  all = both(all, key(what.methods, facts.method, same));
  all = both(all, kinds(what, facts));
  all = both(all, key(what.content_types, facts.content_type, has_type));
  all = both(all, key(what.addresses, facts.address, has_address));
  all = both(all, key(what.countries, facts.country, same));
  return all == Holds::no ? all : both(all, lists_have(what.lists, facts, lists, hit));
}

/// Whether any key of `what` holds: each `not_` key subtracts by itself.
Holds any_key(const What& what, const Facts& facts, const Lists& lists) {
  Holds any = Holds::no;
  const auto one = [&](bool there, const auto& ask) {
    if (!there || any == Holds::yes) return;
    const Holds has = ask();
    if (has != Holds::no) any = has;
  };
  const std::optional<uint16_t> port = facts.port;
  std::optional<ListHit> hit;
  one(!what.hosts.empty(), [&] { return holds(what.hosts.matches(facts.host, facts.literal)); });
  one(!what.ports.empty(), [&] { return key(what.ports, port, std::equal_to<>()); });
  one(!what.urls.empty(), [&] { return urls(what.urls, facts); });
  one(!what.methods.empty(), [&] { return key(what.methods, facts.method, same); });
  one(!what.kinds.empty(), [&] { return other_kinds(what, facts); });
  one(!what.content_types.empty(),
      [&] { return key(what.content_types, facts.content_type, has_type); });
  one(!what.addresses.empty(), [&] { return key(what.addresses, facts.address, has_address); });
  one(!what.countries.empty(), [&] { return key(what.countries, facts.country, same); });
  one(!what.lists.empty(), [&] { return lists_have(what.lists, facts, lists, hit); });
  return any;
}

}  // namespace

bool What::empty() const {
  return hosts.empty() && urls.empty() && ports.empty() && methods.empty() && kinds.empty() &&
         lists.empty() && content_types.empty() && addresses.empty() && countries.empty();
}

FactSet What::needs(const Lists& all) const {
  FactSet needs;
  if (!urls.empty()) needs.add(Fact::url);
  if (!methods.empty()) needs.add(Fact::method);
  if (!kinds.empty()) needs.add(Fact::kind);
  if (!kinds.empty() && doubts_client) needs.add(Fact::content_type);
  for (const uint32_t list : lists) {
    if (list != kNoList) needs = needs | all.needs(list);
  }
  if (!content_types.empty()) needs.add(Fact::content_type);
  if (!addresses.empty()) needs.add(Fact::address);
  if (!countries.empty()) needs.add(Fact::country);
  return needs;
}

FactSet Condition::needs(const Lists& lists) const {
  FactSet needs = what.needs(lists) | but_not.needs(lists);
  if (size_over) needs.add(Fact::size);
  if (sni_missing) needs.add(Fact::sni_missing);
  return needs;
}

bool is_for(const Condition& condition, const Who& who) {
  if (condition.everyone) return true;
  if ((condition.groups & who.groups) != 0) return true;
  if (has(condition.listeners, who.listener)) return true;
  if (!who.user.empty() &&
      std::ranges::any_of(condition.users, [&](const auto& each) { return each == who.user; }))
    return true;
  return std::ranges::any_of(who.all_clients(),
                             [&](uint32_t client) { return has(condition.clients, client); });
}

Holds is_about(const Condition& condition, const Facts& facts, const Lists& lists,
               std::optional<ListHit>& hit) {
  Holds all = all_keys(condition.what, facts, lists, hit);
  if (all == Holds::no) return all;
  if (condition.size_over)
    all = both(all, facts.size ? holds(*facts.size > *condition.size_over) : Holds::unknown);
  if (condition.sni_missing)
    all = both(all, facts.sni_missing ? holds(*facts.sni_missing) : Holds::unknown);
  if (all == Holds::no || condition.but_not.empty()) return all;
  return both(all, opposite(any_key(condition.but_not, facts, lists)));
}

}  // namespace weir::policy
