#include "match/list_zone.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace weir::match {
namespace {

ListFault fault(std::string_view words) {
  return {ListFault::Kind::other, words};
}

bool is_type(std::string_view word) {
  return std::ranges::any_of(
      std::array<std::string_view, 12>{"CNAME", "A", "AAAA", "SOA", "NS", "TXT", "DNAME", "MX",
                                       "PTR", "SRV", "RRSIG", "CAA"},
      [&](std::string_view type) { return base::equal_ignoring_case(word, type); });
}

/// A time to live, such as `300` or `1h`, or a class.
bool is_ttl_or_class(std::string_view word) {
  return base::equal_ignoring_case(word, "IN") || (!word.empty() && base::is_digit(word.front()));
}

/// Takes type and data from what follows the owner; no type if there is none.
std::string_view take_type(std::string_view& rest) {
  std::string_view word = take_word(rest);
  for (int i = 0; i < 2 && is_ttl_or_class(word); ++i) word = take_word(rest);
  return is_type(word) ? word : std::string_view();
}

/// `$ORIGIN` and its like; in the ad-block syntax other words begin with a dollar.
bool is_directive(std::string_view word) {
  return std::ranges::any_of(
      std::array<std::string_view, 4>{"$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE"},
      [&](std::string_view known) { return base::equal_ignoring_case(word, known); });
}

std::string_view without_zone_comment(std::string_view line) {
  return line.substr(0, line.find(';'));
}

bool begins_with_blank(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

std::string without_final_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return base::to_lower(name);
}

/// Removes `suffix` and the dot before it from the end of `name`.
bool remove_suffix(std::string& name, std::string_view suffix) {
  if (suffix.empty()) return true;
  if (name == suffix) {
    name.clear();
    return true;
  }
  if (!name.ends_with(suffix) || name[name.size() - suffix.size() - 1] != '.') return false;
  name.resize(name.size() - suffix.size() - 1);
  return true;
}

}  // namespace

bool ZoneReader::is_mine(std::string_view line) const {
  if (open_) return true;
  std::string_view rest = without_zone_comment(line);
  const std::string_view owner = begins_with_blank(line) ? std::string_view() : take_word(rest);
  if (owner.starts_with('$') && is_directive(owner)) return true;
  // In a hosts file there may be a host `ns`.
  return !take_type(rest).empty() && !base::IpAddress::parse(owner);
}

ListFault ZoneReader::read(std::string_view line, uint32_t number) {
  const bool has_owner = !begins_with_blank(line);
  line = without_zone_comment(line);
  if (open_) {
    open_ = line.find(')') == std::string_view::npos;
    return {};
  }
  std::string_view rest = line;
  if (line.starts_with('$')) {
    const std::string_view word = take_word(rest);
    if (base::equal_ignoring_case(word, "$ORIGIN")) return set_origin(take_word(rest));
    if (base::equal_ignoring_case(word, "$TTL")) return {};
    return fault("a list is one file, which its lines alone make");
  }
  if (has_owner) owner_ = base::to_lower(take_word(rest));
  const std::string_view type = take_type(rest);
  return take({type, base::trim(rest)}, number);
}

ListFault ZoneReader::set_origin(std::string_view name) {
  const bool absolute = name.ends_with('.');
  std::string origin = without_final_dot(name);
  origin_ = absolute || origin_.empty() ? std::move(origin) : origin + '.' + origin_;
  if (apex_.empty()) apex_ = origin_;
  return {};
}

void ZoneReader::begin_of_authority(std::string_view data) {
  if (owner_.ends_with('.')) {
    apex_ = without_final_dot(owner_);
    if (origin_.empty()) origin_ = apex_;
  } else if (owner_ == "@") {
    apex_ = origin_;
  }
  open_ = data.find('(') != std::string_view::npos && data.find(')') == std::string_view::npos;
}

ListFault ZoneReader::take(const Record& record, uint32_t number) {
  const auto is = [&](std::string_view type) {
    return base::equal_ignoring_case(record.type, type);
  };
  if (is("SOA")) {
    begin_of_authority(record.data);
    return {};
  }
  if (is("NS")) return {};
  if (is("A") || is("AAAA")) {
    if (leads_nowhere(record.data)) return add_trigger(number);
    return fault("a record that leads a name to a real address");
  }
  if (!is("CNAME")) return fault("a record that says nothing about a name in a list");
  const std::string data = base::to_lower(record.data);
  if (data == "rpz-passthru." || data == "rpz-passthru")
    return {ListFault::Kind::exception, "an exception of the zone"};
  if (data == "." || data == "*." || data == "rpz-drop.") return add_trigger(number);
  return fault("a record that leads a name to another one");
}

bool ZoneReader::trigger(std::string& name) const {
  name = without_final_dot(owner_);
  const bool absolute = owner_.ends_with('.');
  if (absolute && apex_.empty()) return false;
  if (name == "@")
    name = origin_;
  else if (!absolute && !origin_.empty())
    name += '.' + origin_;
  return remove_suffix(name, apex_);
}

ListFault ZoneReader::add_trigger(uint32_t number) {
  std::string name;
  if (!trigger(name)) return fault("a name outside the zone, whose own name $ORIGIN or SOA gives");
  if (name.empty()) return fault("a record of the zone itself");
  const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
  if (last.starts_with("rpz-")) return fault("of zones only names are taken");
  const bool below = name.starts_with("*.");
  return lines_.add_domain(std::string_view(name).substr(below ? 2 : 0),
                           below ? DomainKind::below : DomainKind::itself, ListForm::zone, number);
}

}  // namespace weir::match
