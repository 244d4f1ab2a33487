#include "policy/grants.h"

#include <algorithm>
#include <ranges>

#include "base/text.h"

namespace weir::policy {
namespace {

using Kind = Grant::Kind;

/// Of the file's first line; the last id that was given follows.
constexpr std::string_view kFormat = "weir grants 1 ";
constexpr std::string_view kNames[] = {"allow", "block", "pause"};

/// Names may have spaces and anything else; a word of the file has neither.
std::string word_of(std::string_view name) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string word;
  for (const char c : name) {
    if (c > ' ' && c < 0x7f && c != '%') {
      word += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    word += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return word;
}

std::optional<std::string> name_in(std::string_view word) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  std::string name;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      name += word[i];
      continue;
    }
    if (i + 2 >= word.size() || !is_digit(word[i + 1]) || !is_digit(word[i + 2]))
      return std::nullopt;
    name += static_cast<char>(digit(word[i + 1]) << 4 | digit(word[i + 2]));
    i += 2;
  }
  return name;
}

std::string line_of(const Grant& grant) {
  std::string line = std::to_string(grant.id) + ' ' + std::string(name_of(grant.kind)) + ' ' +
                     std::to_string(grant.until) + ' ' + (grant.host ? grant.host->text() : "-");
  if (!grant.client.empty()) line += " client=" + word_of(grant.client);
  if (!grant.group.empty()) line += " group=" + word_of(grant.group);
  return line + '\n';
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto part : std::views::split(line, ' ')) words.emplace_back(part.begin(), part.end());
  return words;
}

bool take_who(Grant& grant, std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  auto name = name_in(word.substr(equals + 1));
  if (!name || name->empty()) return false;
  if (word.starts_with("client="))
    grant.client = *std::move(name);
  else if (word.starts_with("group="))
    grant.group = *std::move(name);
  else
    return false;
  return true;
}

std::optional<Grant> grant_in(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() < 4 || words.size() > 5) return std::nullopt;
  Grant grant;
  const auto id = base::parse_decimal<uint32_t>(words[0]);
  const auto kind = std::ranges::find(kNames, words[1]);
  const auto until = base::parse_decimal<int64_t>(words[2]);
  if (!id || kind == std::end(kNames) || !until) return std::nullopt;
  grant.id = *id;
  grant.kind = static_cast<Kind>(kind - std::begin(kNames));
  grant.until = *until;
  if (grant.kind == Kind::pause) {
    if (words[3] != "-") return std::nullopt;
  } else {
    auto host = match::SitePattern::parse(words[3]);
    if (!host) return std::nullopt;
    grant.host = *std::move(host);
  }
  if (words.size() == 5 && !take_who(grant, words[4])) return std::nullopt;
  return grant;
}

Condition who_of(const Grant& grant, const Directory& directory) {
  Condition condition;
  condition.everyone = grant.client.empty() && grant.group.empty();
  if (!grant.client.empty()) condition.clients = directory.clients_named(grant.client);
  if (!grant.group.empty()) condition.groups = directory.group_named(grant.group);
  return condition;
}

}  // namespace

std::string_view name_of(Grant::Kind kind) {
  return kNames[static_cast<size_t>(kind)];
}

std::expected<Grants, std::string> Grants::parse(std::string_view text) {
  Grants grants;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const auto failed = [&] {
      return std::unexpected("line " + std::to_string(number) + " can't be read");
    };
    if (number == 1) {
      if (!line.starts_with(kFormat)) return failed();
      const auto last = base::parse_decimal<uint32_t>(line.substr(kFormat.size()));
      if (!last) return failed();
      grants.last_id_ = *last;
      continue;
    }
    auto grant = grant_in(line);
    const uint32_t before = grants.grants_.empty() ? 0 : grants.grants_.back().id;
    if (!grant || grants.grants_.size() == kMost || grant->id <= before ||
        grant->id > grants.last_id_)
      return failed();
    grants.grants_.push_back(*std::move(grant));
  }
  return grants;
}

std::string Grants::text() const {
  std::string text = std::string(kFormat) + std::to_string(last_id_) + '\n';
  for (const Grant& grant : grants_) text += line_of(grant);
  return text;
}

std::optional<uint32_t> Grants::add(Grant grant) {
  std::erase_if(grants_, [&](const Grant& each) {
    return each.kind == grant.kind && each.host == grant.host && each.client == grant.client &&
           each.group == grant.group;
  });
  if (grants_.size() == kMost || last_id_ == UINT32_MAX) return std::nullopt;
  grant.id = ++last_id_;
  grants_.push_back(std::move(grant));
  return last_id_;
}

bool Grants::revoke(uint32_t id) {
  return std::erase_if(grants_, [&](const Grant& each) { return each.id == id; }) > 0;
}

bool Grants::end(int64_t now) {
  return std::erase_if(grants_,
                       [&](const Grant& each) { return each.until != 0 && each.until <= now; }) > 0;
}

void Grants::add_to(Table& table, const Directory& directory) const {
  for (const Grant& grant : std::views::reverse(grants_)) {
    Condition condition = who_of(grant, directory);
    if (grant.kind == Kind::pause) {
      table.pauses.push_back(std::move(condition));
      continue;
    }
    Rule& rule = table.grants.emplace_back();
    rule.name = "grant " + std::to_string(grant.id);
    rule.grant = grant.id;
    rule.action = grant.kind == Kind::allow ? Action::allow : Action::deny;
    rule.condition = std::move(condition);
    rule.condition.what.hosts.add(*grant.host);
  }
}

}  // namespace weir::policy
