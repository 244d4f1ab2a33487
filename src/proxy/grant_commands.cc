// `weir allow`, `block`, `pause`, `revoke`, `grants`.
#include <algorithm>

#include "base/clock.h"
#include "base/event_log.h"
#include "base/text.h"
#include "base/whole_file.h"
#include "config/mistake.h"
#include "policy/condition.h"
#include "proxy/master.h"
#include "proxy/rules_now.h"

namespace weir::proxy {
namespace {

using control::Answer;
using policy::Grant;

/// Ten years: longer is a mistake, or means "until it is revoked".
constexpr int64_t kLongestSeconds = int64_t{10} * 366 * 86'400;

Answer no_such(std::string_view what, std::string_view name,
               const std::vector<std::string>& there) {
  std::string text = "no " + std::string(what) + " is called \"" + std::string(name) + "\"";
  if (there.empty()) {
    text += ": the configuration names none";
  } else {
    text += ": there are ";
    for (size_t i = 0; i < there.size() && i < 20; ++i) text += (i == 0 ? "" : ", ") + there[i];
    if (there.size() > 20) text += " and others";
  }
  return Answer::complaint(text + '\n');
}

std::vector<std::string> names_of_clients(const Config& config) {
  std::vector<std::string> names;
  for (const auto& each : config.clients) names.push_back(each.name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::vector<std::string> names_of_groups(const Config& config) {
  std::vector<std::string> names;
  for (const auto& each : config.clients)
    names.insert(names.end(), each.groups.begin(), each.groups.end());
  for (const auto& each : config.listeners)
    names.insert(names.end(), each.groups.begin(), each.groups.end());
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool has_filter(const policy::Table& table) {
  for (size_t i = 0; i < table.size(); ++i)
    if (table.at(i).action == policy::Action::filter) return true;
  return false;
}

/// Several [[client]] may have the name: what is certain of it is what all of them are in.
policy::Who who_of(const Grant& grant, const Config& config, const policy::Directory& directory) {
  // No listener: a guard for some of them denies nobody else.
  policy::Who who{.listener = policy::kHouse};
  if (!grant.group.empty()) who.groups = directory.group_named(grant.group);
  if (grant.client.empty()) return who;
  for (const uint32_t number : directory.clients_named(grant.client)) {
    if (who.clients < who.client.size()) who.client[who.clients++] = number;
  }
  who.groups = UINT64_MAX;
  for (const policy::ClientConfig& client : config.clients) {
    if (client.name != grant.client) continue;
    uint64_t groups = 0;
    for (const std::string& group : client.groups) groups |= directory.group_named(group);
    who.groups &= groups;
  }
  return who;
}

/// The guard that denies the host to whom the grant is for, whatever else a request says; null:
/// none does for certain.
const policy::Rule* guard_against(const Grant& grant, const Config& config,
                                  const policy::Rulebook& book) {
  // Of `*` and `*.example.com` no host is named.
  if (!grant.host || !grant.host->itself() || grant.host->every()) return nullptr;
  const policy::Facts facts{.who = who_of(grant, config, book.directory),
                            .now = book.now,
                            .host = grant.host->name(),
                            .literal = base::IpAddress::parse(grant.host->name()).has_value()};
  const auto denies = [&](const policy::Rule& guard) {
    // `weir pause` skips a filter. A port is always taken for known, and here it is not.
    if (guard.audit || guard.action == policy::Action::filter ||
        !guard.condition.but_not.ports.empty())
      return false;
    std::optional<policy::ListHit> hit;
    return policy::is_for(guard.condition, facts.who) && guard.when.has(facts.now) &&
           policy::is_about(guard.condition, facts, *book.lists, hit) == policy::Holds::yes;
  };
  const auto found = std::ranges::find_if(book.table.guards, denies);
  return found == book.table.guards.end() ? nullptr : &*found;
}

/// What whoever gave the grant would be surprised by; empty: nothing. `book` may be null.
std::string note_on(const Grant& grant, const Config& config, const policy::Rulebook* book) {
  if (grant.kind == Grant::Kind::pause && (!book || !has_filter(book->table)))
    return "note: no rule has action = \"filter\", so this pauses nothing\n";
  if (grant.kind != Grant::Kind::allow || !book) return {};
  const policy::Rule* const guard = guard_against(grant, config, *book);
  if (!guard) return {};
  return "note: the guard " + config::in_quotes(guard->name) + " (" + guard->place +
         ") denies it all the same\n";
}

}  // namespace

void Master::find_grants(const Config& config) {
  grants_path_ = kept_path(config, "grants");
  if (grants_path_.empty()) return;
  std::string why;
  const auto text = base::read_whole_file(grants_path_, policy::Grants::kMostBytes, why);
  if (text) {
    auto grants = policy::Grants::parse(*text);
    if (grants) {
      grants_ = *std::move(grants);
      if (grants_.end(base::wall_seconds())) (void)keep_grants();
      return;
    }
    why = grants_path_ + ": " + grants.error();
  }
  if (why.empty()) return;
  base::log_event("what was allowed or blocked before is not known: " + why +
                  "; the file stays as it is, and nothing new is kept in it");
  grants_path_.clear();
}

std::string Master::keep_grants() {
  if (grants_path_.empty()) return "there is no state_dir to keep it in";
  std::string why;
  if (!state_.is_open()) why = StateDir::make(state_path_);
  if (why.empty()) why = base::replace_file(grants_path_, grants_.text());
  if (!why.empty()) base::log_event("what is allowed or blocked ends with this process: " + why);
  return why;
}

std::string Master::shown(const Grant& grant) const {
  std::string text = std::to_string(grant.id) + ' ' + std::string(policy::name_of(grant.kind));
  if (grant.host) text += ' ' + grant.host->text();
  if (!grant.client.empty()) text += ", client " + grant.client;
  if (!grant.group.empty()) text += ", group " + grant.group;
  text += grant.until == 0 ? ", until it is revoked"
                           : ", until " + local_text(snapshot_->config, grant.until);
  return text;
}

Answer Master::add_grant(Grant::Kind kind, const std::string& body) {
  Grant grant{.kind = kind};
  if (kind != Grant::Kind::pause) {
    auto host = match::SitePattern::parse(base::value_in(body, "host"));
    if (!host) return Answer::complaint(std::string(host.error().detail()) + '\n');
    grant.host = *std::move(host);
  }
  grant.client = base::value_in(body, "client");
  grant.group = base::value_in(body, "group");
  const Config& config = snapshot_->config;
  if (!grant.client.empty() && !grant.group.empty())
    return Answer::complaint("a client or a group, not both\n");
  if (const auto names = names_of_clients(config);
      !grant.client.empty() && !has(names, grant.client))
    return no_such("client", grant.client, names);
  if (const auto names = names_of_groups(config); !grant.group.empty() && !has(names, grant.group))
    return no_such("group", grant.group, names);
  if (const auto seconds = base::value_in(body, "seconds"); !seconds.empty()) {
    const auto length = base::parse_decimal<int64_t>(seconds);
    if (!length || *length < 1 || *length > kLongestSeconds)
      return Answer::complaint("the time is from one second to ten years\n");
    grant.until = base::wall_seconds() + *length;
  }
  const auto id = grants_.add(grant);
  if (!id) {
    return Answer::complaint("there are " + std::to_string(policy::Grants::kMost) +
                             " already: `weir grants` shows them, `weir revoke ID` ends one\n");
  }
  const std::string why = keep_grants();
  use_rules_of_now();
  std::string text = shown(grants_.all().back()) + '\n';
  base::log_event("grant " + shown(grants_.all().back()));
  if (!why.empty()) text += "it ends with this process: " + why + '\n';
  return {text + note_on(grant, snapshot_->config, snapshot_->parts->rules->book.get())};
}

Answer Master::revoke_grant(const std::vector<std::string>& words) {
  const auto id = words.size() == 2 ? base::parse_decimal<uint32_t>(words[1]) : std::nullopt;
  if (!id) return Answer::complaint("`weir revoke` takes a number that `weir grants` shows\n");
  if (!grants_.revoke(*id))
    return Answer::complaint("there is no " + words[1] + ": `weir grants` shows what there is\n");
  (void)keep_grants();
  use_rules_of_now();
  base::log_event("grant " + words[1] + " is revoked");
  return {"revoked " + words[1] + '\n'};
}

std::string Master::all_grants() const {
  if (grants_.empty()) return "nothing is allowed, blocked or paused by command\n";
  std::string text;
  for (const Grant& grant : grants_.all()) text += shown(grant) + '\n';
  return text;
}

}  // namespace weir::proxy
