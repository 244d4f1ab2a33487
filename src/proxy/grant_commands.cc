// `weir allow`, `block`, `pause`, `revoke`, `grants`.
#include <algorithm>

#include "base/clock.h"
#include "base/event_log.h"
#include "base/text.h"
#include "base/whole_file.h"
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
  return {text};
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
