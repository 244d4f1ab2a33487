#include "codec/caching/vary.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/chars.h"

namespace weir::caching {
namespace {

using http::FieldId;

/// Members of a list, without those that are empty. Commas in quoted strings separate nothing.
std::vector<std::string_view> members_of(std::string_view list) {
  std::vector<std::string_view> members;
  size_t begin = 0;
  bool quoted = false;
  for (size_t at = 0; at <= list.size(); ++at) {
    if (at < list.size() && quoted && list[at] == '\\') {
      ++at;
      continue;
    }
    if (at < list.size() && list[at] == '"') quoted = !quoted;
    if (at < list.size() && (quoted || list[at] != ',')) continue;
    const std::string_view member = base::trim(list.substr(begin, at - begin));
    if (!member.empty()) members.push_back(member);
    begin = at + 1;
  }
  return members;
}

std::string joined(const std::vector<std::string>& members) {
  std::string text;
  for (const std::string& each : members) (text += text.empty() ? "" : ",") += each;
  return text;
}

/// A member with its weight in thousandths (RFC 9110, 12.4.2).
struct Weighted {
  std::string name;
  int weight = 1000;
};

std::optional<int> weight_in(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000, part = 100;
  for (const char c : text.substr(std::min<size_t>(text.size(), 2))) {
    if (!base::is_digit(c)) return std::nullopt;
    weight += (c - '0') * part;
    part /= 10;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

/// `name` or `name;q=0.5`; nothing if it is anything else.
std::optional<Weighted> weighted(std::string_view member) {
  const size_t semicolon = member.find(';');
  const std::string_view name = base::trim(member.substr(0, semicolon));
  if (!http::is_token(name)) return std::nullopt;
  Weighted found{base::to_lower(name)};
  if (semicolon == member.npos) return found;
  const std::string_view parameter = base::trim(member.substr(semicolon + 1));
  if (parameter.size() < 3 || !base::equal_ignoring_case(parameter.substr(0, 2), "q="))
    return std::nullopt;
  const auto weight = weight_in(parameter.substr(2));
  if (!weight) return std::nullopt;
  found.weight = *weight;
  return found;
}

/// All members, heaviest first, and those of one weight in order of the alphabet, as their order
/// says nothing (12.5.4). Nothing if a member is of another form, or there are two of one name.
std::optional<std::vector<Weighted>> in_order(std::string_view value) {
  std::vector<Weighted> all;
  for (const std::string_view member : members_of(value)) {
    auto one = weighted(member);
    const bool twice = one && std::ranges::find(all, one->name, &Weighted::name) != all.end();
    if (!one || twice) return std::nullopt;
    all.push_back(*std::move(one));
  }
  std::ranges::sort(all, [](const Weighted& a, const Weighted& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.name < b.name;
  });
  return all;
}

std::string text_of(const std::vector<Weighted>& all) {
  std::vector<std::string> members;
  for (const Weighted& each : all)
    members.push_back(each.weight == 1000 ? each.name
                                          : each.name + ";q=" + std::to_string(each.weight));
  return joined(members);
}

/// The codings that are registered and used; of one with another name nothing is known.
bool is_known_coding(std::string_view name) {
  return name == "gzip" || name == "br" || name == "zstd" || name == "deflate" ||
         name == "identity";
}

/// Nothing: its meaning is not known well enough.
std::optional<std::string> encoding_form(std::string_view value) {
  std::string with_one_name;
  for (const std::string_view member : members_of(value)) {
    const bool old = member.size() >= 6 && base::equal_ignoring_case(member.substr(0, 6), "x-gzip");
    (with_one_name += member.substr(old ? 2 : 0)) += ',';  // RFC 9110, 8.4.1.3
  }
  const auto all = in_order(with_one_name);
  if (!all) return std::nullopt;
  for (const Weighted& each : *all)
    if (!is_known_coding(each.name)) return std::nullopt;
  return text_of(*all);
}

std::string plain_form(std::string_view value) {
  std::vector<std::string> members;
  for (const std::string_view each : members_of(value)) members.emplace_back(each);
  return joined(members);
}

}  // namespace

VaryNames VaryNames::of(const http::Fields& response) {
  VaryNames made;
  if (!response.may_have(FieldId::vary)) return made;
  for (const http::Field& field : response.all()) {
    if (field.id != FieldId::vary) continue;
    std::string_view list = field.value();
    while (!list.empty()) {
      const std::string_view name = http::take_list_element(list);
      if (name.empty()) continue;
      made.nothing |= !http::is_token(name) || name == "*";
      made.names.push_back(base::to_lower(name));
    }
  }
  std::ranges::sort(made.names);
  made.names.erase(std::ranges::unique(made.names).begin(), made.names.end());
  made.nothing |= made.names.size() > kMostVaryNames;
  if (made.nothing) made.names.clear();
  return made;
}

std::string normalised(std::string_view lower_name, std::string_view value) {
  if (lower_name == "accept-encoding")
    if (auto form = encoding_form(value)) return *std::move(form);
  if (lower_name == "accept-language")
    if (const auto all = in_order(value)) return text_of(*all);
  return plain_form(value);
}

std::string selecting_text(const VaryNames& vary, const http::Fields& request) {
  std::string text;
  for (const std::string& name : vary.names) {
    std::string value;
    bool present = false;
    for (const http::Field& field : request.all()) {
      if (!base::equal_ignoring_case(field.name(), name)) continue;
      if (present) value += ',';
      value += field.value();
      present = true;
    }
    // No field's value has a line end: nothing that a client sends looks like another field.
    text += name;
    if (present) (text += '=') += normalised(name, value);
    text += '\n';
  }
  return text;
}

}  // namespace weir::caching
