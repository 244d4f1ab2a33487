#include "match/list_line.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "match/host_name.h"

namespace weir::match {
namespace {

// Loops of their own: a million lines are read so, and std::string_view::find_first_of() calls a
// function for each byte.
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool begins_comment(char c) {
  return c == '#' || c == ';';
}
bool is_in_url(char c) {
  return c == '/' || c == ':' || c == '?';
}
bool is_in_address(char c) {
  return base::is_digit(c) || c == '.' || c == ':' || c == '/' || (c >= 'a' && c <= 'f') ||
         (c >= 'A' && c <= 'F');
}
bool looks_like_url(std::string_view word) {
  return std::ranges::any_of(word, is_in_url);
}

ListFault fault(std::string_view words) {
  return {ListFault::Kind::other, words};
}

/// Adblock's separators of a cosmetic rule.
bool is_cosmetic(std::string_view from_hash) {
  return std::ranges::any_of(
      std::array<std::string_view, 6>{"##", "#@", "#?#", "#$", "#%#", "#^"},
      [&](std::string_view separator) { return from_hash.starts_with(separator); });
}

/// What hosts files say of the machine itself, and older lists of the address that they use.
bool is_usual_host(std::string_view name) {
  return name == "localhost" || name == "localhost.localdomain" || name == "local" ||
         name == "broadcasthost" || name == "0.0.0.0" || name.starts_with("ip6-");
}

/// `fe80::1%lo0` is the address without its zone.
std::optional<base::IpAddress> address_of(std::string_view text) {
  return base::IpAddress::parse(text.substr(0, text.find('%')));
}

bool is_filter(std::string_view word) {
  return word.starts_with('|') || word.ends_with('|') || word.ends_with('^') ||
         word.find("^$") != std::string_view::npos || word.find("$$") != std::string_view::npos ||
         (word.size() > 1 && word.starts_with('/') && word.ends_with('/'));
}

/// A `#` behind a network begins a comment, though there is a slash before it as in a URL.
bool is_network(std::string_view text) {
  constexpr size_t kLongest = 45 + 4;  // An IPv6 address that ends like an IPv4 one, and `/128`.
  return text.size() <= kLongest && base::Cidr::parse(text);
}

/// To be asked before a parser of addresses, whose refusal takes time.
bool may_be_address(std::string_view word) {
  if (!std::ranges::all_of(word, is_in_address)) return false;
  return base::is_digit(word.front()) || word.find(':') != std::string_view::npos;
}

}  // namespace

std::string_view without_comment(std::string_view line) {
  line = base::trim(line);
  if (line.starts_with('#') || line.starts_with('!') || line.starts_with(';')) return {};
  bool in_path = false;
  for (size_t at = 0; at < line.size(); ++at) {
    in_path |= line[at] == '/';
    if (!begins_comment(line[at])) continue;
    const std::string_view before = line.substr(0, at);
    if (is_blank(before.back())) return base::trim(before);
    // In a URL it begins a fragment.
    if (line[at] == ';' || (in_path && !is_network(before))) continue;
    if (is_cosmetic(line.substr(at))) break;
    return before;
  }
  return line;
}

std::string_view take_word(std::string_view& text) {
  const auto begin = std::ranges::find_if_not(text, is_blank);
  const auto end = std::ranges::find_if(begin, text.end(), is_blank);
  const std::string_view word(begin, end);
  text = std::string_view(end, text.end());
  return word;
}

bool leads_nowhere(std::string_view address) {
  const auto parsed = address_of(address);
  if (!parsed) return false;
  const base::IpAddress unmapped = parsed->unmapped();
  if (unmapped.is_v4()) return unmapped.bytes()[0] == 127 || unmapped.is_unspecified();
  return unmapped.is_unspecified() || unmapped == *base::IpAddress::parse("::1");
}

ListFault LineReader::read(std::string_view line, uint32_t number) {
  for (const std::string_view key : {"address=/", "local=/", "server=/"}) {
    if (line.starts_with(key))
      return dnsmasq(line.substr(key.size()), key.starts_with('s'), number);
  }
  if (line.starts_with("@@"))
    return {ListFault::Kind::exception, "an exception of the ad-block syntax"};
  if (line.starts_with("||")) return filter(line, number);
  std::string_view rest = line;
  const std::string_view word = take_word(rest);
  if (address_of(word) && !rest.empty()) return hosts(word, rest, number);
  const size_t hash = line.find('#');
  if (hash != std::string_view::npos && is_cosmetic(line.substr(hash)))
    return {ListFault::Kind::filter, "ad-block syntax about what a page shows"};
  if (is_filter(word))
    return {ListFault::Kind::filter, "ad-block syntax that needs more than a host"};
  if (!rest.empty()) return fault("it has several words, and is no line that is known");
  return one_word(word, number);
}

ListFault LineReader::hosts(std::string_view address, std::string_view names, uint32_t number) {
  ListFault first;
  const bool nowhere = leads_nowhere(address);
  for (std::string_view name = take_word(names); !name.empty(); name = take_word(names)) {
    name_ = base::to_lower(name);
    if (is_usual_host(name_)) {
      ++report_.ignored;
    } else if (!nowhere) {
      return fault("it leads a name to a real address; lists have 0.0.0.0 or 127.0.0.1");
    } else if (const ListFault found =
                   add_domain(name, DomainKind::itself, ListForm::hosts, number);
               found && !first) {
      first = found;
    }
  }
  return first;
}

ListFault LineReader::dnsmasq(std::string_view names, bool is_server, uint32_t number) {
  const size_t last = names.rfind('/');
  if (last == std::string_view::npos || last == 0) return fault("it has no name between slashes");
  const std::string_view value = names.substr(last + 1);
  if (is_server && value == "#")
    return {ListFault::Kind::exception, "an exception: names that are looked up as usual"};
  if (!value.empty() && (is_server || (value != "#" && !leads_nowhere(value))))
    return fault("it leads a name to a real address or server");
  names = names.substr(0, last);
  while (true) {
    const std::string_view name = names.substr(0, names.find('/'));
    if (const ListFault found =
            add_domain(name, DomainKind::itself_and_below, ListForm::dnsmasq, number))
      return found;
    if (name.size() == names.size()) return {};
    names.remove_prefix(name.size() + 1);
  }
}

ListFault LineReader::filter(std::string_view line, uint32_t number) {
  const std::string_view name = line.substr(2, line.size() - 3);
  // Anything else than `||host^` has a path, options or an open end.
  if (!line.ends_with('^') || name.find_first_of("/^*$|:") != std::string_view::npos)
    return {ListFault::Kind::filter, "ad-block syntax that needs more than a host"};
  // A bare address is a host too.
  if (const auto address = base::IpAddress::parse(name))
    return network(base::Cidr(*address, static_cast<unsigned>(address->size() * 8)), number);
  return add_domain(name, DomainKind::itself_and_below, ListForm::filter, number);
}

ListFault LineReader::one_word(std::string_view word, uint32_t number) {
  if (word.starts_with('='))
    return add_domain(word.substr(1), DomainKind::itself, ListForm::name, number);
  const bool below = word.starts_with("*.");
  const bool is_url = looks_like_url(word);
  if (!is_url && (below || word.starts_with('.'))) {
    return add_domain(word.substr(below ? 2 : 1),
                      below ? DomainKind::below : DomainKind::itself_and_below, ListForm::wildcard,
                      number);
  }
  if (may_be_address(word)) {
    if (const auto parsed = base::Cidr::parse(word)) return network(*parsed, number);
    // It is no URL of the host 192.0.2.1 and the path /24.
    const std::string_view address = word.substr(0, word.find('/'));
    if (base::IpAddress::parse(address) &&
        word.find_first_not_of("0123456789", address.size() + 1) == std::string_view::npos)
      return fault("it is no network: its prefix is too long, or bits beyond it are set");
  }
  if (is_url) return url(word, number);
  const size_t dot = word.find('.');
  if (origin_ == ListOrigin::file && (dot == std::string_view::npos || dot + 1 == word.size()))
    return fault("a name without a dot; `.name` is it and all below it, `=name` it alone");
  return add_domain(word, DomainKind::itself_and_below, ListForm::name, number);
}

ListFault LineReader::add_domain(std::string_view name, DomainKind kind, ListForm form,
                                 uint32_t number) {
  name_ = normal_name(name);
  if (const std::string_view wrong = fault_in_name(name_); !wrong.empty()) return fault(wrong);
  note(form, sink_.add_domain(name_, kind, number));
  return {};
}

ListFault LineReader::network(const base::Cidr& network, uint32_t number) {
  note(ListForm::network, sink_.add_network(network, number));
  return {};
}

ListFault LineReader::url(std::string_view word, uint32_t number) {
  const auto parsed = UrlPrefix::parse(word);
  if (!parsed) return fault(parsed.error());
  note(ListForm::url, sink_.add_url(*parsed, number));
  return {};
}

void LineReader::note(ListForm form, bool added) {
  if (added) {
    ++report_.taken[static_cast<size_t>(form)];
  } else {
    full_ = true;
  }
}

}  // namespace weir::match
