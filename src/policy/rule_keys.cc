#include "policy/rule_keys.h"

#include <algorithm>

#include "base/text.h"
#include "policy/opening_keys.h"
#include "policy/own_values.h"

namespace weir::policy {
namespace {

using base::Taken;
using Kind = base::ValueKind;
using Own = base::OwnValue<RuleConfig>;

/// `mon-fri 16:00-18:30`, `every day 21:00-06:30`, `21:00-06:30`.
Taken take_hours(RuleConfig& rule, std::string_view text) {
  const std::string_view trimmed = base::trim(text);
  const size_t space = trimmed.rfind(' ');
  const bool has_days = space != std::string_view::npos;
  std::string_view days = has_days ? base::trim(trimmed.substr(0, space)) : std::string_view();
  if (days == "every day") days = {};
  const std::string_view span = has_days ? trimmed.substr(space + 1) : trimmed;
  const size_t dash = span.find('-');
  if (dash == std::string_view::npos) return std::unexpected("it has no hours");
  const auto hours = Hours::parse(days, span.substr(0, dash), span.substr(dash + 1));
  if (!hours) return std::unexpected(std::string(hours.error().detail()));
  rule.when.add(*hours);
  return {};
}

Taken take_action(RuleConfig& rule, std::string_view text) {
  for (const Action action : {Action::allow, Action::deny, Action::filter, Action::redirect,
                              Action::limit, Action::open, Action::tunnel}) {
    if (name_of(action) != text) continue;
    rule.action = action;
    return {};
  }
  if (text == "parent") return std::unexpected("it comes with a later version");
  return std::unexpected(std::string());
}

/// An absolute URL of http or https, as it goes into Location: no spaces, nothing outside ASCII.
Taken take_redirect_to(RuleConfig& rule, std::string_view text) {
  const bool http = text.starts_with("http://"), https = text.starts_with("https://");
  const std::string_view rest = text.substr(https ? 8 : http ? 7 : 0);
  const auto fits = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>'; };
  if ((!http && !https) || rest.empty() || rest.front() == '/' ||
      !std::ranges::all_of(text, fits) || text.size() > 2000)
    return std::unexpected(std::string());
  if (const auto url = match::UrlPattern::parse(text.substr(0, text.find('#'))); !url)
    return std::unexpected(std::string(url.error().detail()));
  rule.to = text;
  return {};
}

struct RateUnit {
  std::string_view name;
  uint64_t bits;
};
/// The largest first, for text_of_rate().
constexpr RateUnit kRateUnits[] = {
    {"Gbit/s", 1'000'000'000}, {"MiB/s", 8 << 20}, {"Mbit/s", 1'000'000},
    {"KiB/s", 8 << 10},        {"kbit/s", 1000},   {"B/s", 8},
};
constexpr uint64_t kLeastRate = 128, kMostRate = uint64_t{1} << 40;

/// `20 Mbit/s`, `500KiB/s`. Networks are sold in bits, and files have bytes.
Taken take_rate(RuleConfig& rule, std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = base::parse_decimal(text.substr(0, digits));
  const std::string_view name = base::trim(text.substr(digits));
  for (const RateUnit& unit : kRateUnits) {
    uint64_t bits = 0;
    if (!number || unit.name != name || __builtin_mul_overflow(*number, unit.bits, &bits)) continue;
    if (bits / 8 < kLeastRate || bits / 8 > kMostRate)
      return std::unexpected("it is not from 1 kbit/s to 8,000 Gbit/s");
    rule.rate = bits / 8;
    return {};
  }
  return std::unexpected(std::string());
}

std::vector<std::string> text_of_rate(const RuleConfig& rule) {
  for (const RateUnit& unit : kRateUnits) {
    if (rule.rate != 0 && rule.rate * 8 % unit.bits == 0)
      return {std::to_string(rule.rate * 8 / unit.bits) + ' ' + std::string(unit.name)};
  }
  return {""};
}

Taken take_mode(RuleConfig& rule, std::string_view text) {
  if (text != "enforce" && text != "audit") return std::unexpected(std::string());
  rule.audit = text == "audit";
  return {};
}

constexpr Own kName = text_value<RuleConfig, &RuleConfig::name>("a name such as \"kids: bedtime\"");
constexpr Own kListener =
    words<RuleConfig, &RuleConfig::listeners, any_word>("a list of names of listeners");
constexpr Own kClient =
    words<RuleConfig, &RuleConfig::clients, any_word>("a list of names of clients");
constexpr Own kUser = words<RuleConfig, &RuleConfig::users, any_word>("a list of users");
constexpr Own kGroup = words<RuleConfig, &RuleConfig::groups, any_word>("a list of groups");
constexpr Own kDays =
    text_value<RuleConfig, &RuleConfig::days>("days such as \"mon-fri\" or \"sat,sun\"");
constexpr Own kFrom = text_value<RuleConfig, &RuleConfig::from>("a time of day such as \"16:00\"");
constexpr Own kTo = text_value<RuleConfig, &RuleConfig::to_time>("a time of day such as \"18:30\"");
constexpr Own kWhen{
    .expectation =
        "a list of hours such as [\"mon-fri 16:00-18:30\"], or a table of days, from "
        "and to",
    .take = take_hours,
    .texts =
        [](const RuleConfig& rule) {
          return base::texts_of(rule.when.hours(), [](const Hours& each) { return each.text(); });
        },
    .clear = [](RuleConfig& rule) { rule.when = {}; }};
constexpr Own kAction{
    .expectation =
        "\"allow\", \"deny\", \"filter\", \"redirect\", \"limit\", \"open\" or \"tunnel\"",
    .take = take_action,
    .texts = [](const RuleConfig& rule) { return std::vector{std::string(name_of(rule.action))}; }};
constexpr Own kRedirectTo{.expectation = "a URL such as \"https://example.com/sorry\"",
                          .take = take_redirect_to,
                          .texts = [](const RuleConfig& rule) { return std::vector{rule.to}; }};
constexpr Own kRate{.expectation = "a rate such as \"20 Mbit/s\" or \"500 KiB/s\"",
                    .take = take_rate,
                    .texts = text_of_rate};
constexpr Own kRejected{
    .expectation = "\"tunnel\" or \"deny\"",
    .take = [](RuleConfig& rule,
               std::string_view text) { return take_on_reject(rule.on_reject, text); },
    .texts =
        [](const RuleConfig& rule) { return std::vector{std::string(name_of(rule.on_reject))}; }};
constexpr Own kMode{.expectation = "\"enforce\" or \"audit\"",
                    .take = take_mode,
                    .texts = [](const RuleConfig& rule) {
                      return std::vector<std::string>{rule.audit ? "audit" : "enforce"};
                    }};

constexpr base::Setting<RuleConfig> kKeys[] = {
    {.table = "rule",
     .name = "name",
     .kind = Kind::own,
     .member = kName,
     .required = true,
     .doc = "What the rule is called on pages, in the log and in explanations. No two rules have "
            "the same name."},
    {.table = "rule",
     .name = "who.client",
     .kind = Kind::own,
     .member = kClient,
     .doc = "Clients, by the names in `[[client]]`. A rule is for everyone if it has no key of "
            "`who`, else for those that any of its keys has."},
    {.table = "rule",
     .name = "who.group",
     .kind = Kind::own,
     .member = kGroup,
     .doc = "Groups, by the names in `[[client]]` and `[[listener]]`."},
    {.table = "rule",
     .name = "who.user",
     .kind = Kind::own,
     .member = kUser,
     .doc = "Users, by the names that they log in with."},
    {.table = "rule",
     .name = "who.listener",
     .kind = Kind::own,
     .member = kListener,
     .doc = "Those who come by a listener, by its `name`."},
    {.table = "rule",
     .name = "when",
     .kind = Kind::own,
     .member = kWhen,
     .doc = "Hours of the week, in `policy.time_zone`. Hours that end before they begin pass "
            "midnight, and belong to the day on which they began. Without any, the rule always "
            "holds."},
    {.table = "rule",
     .name = "when.days",
     .kind = Kind::own,
     .member = kDays,
     .doc = "The days of one span of hours; every day if it is left out."},
    {.table = "rule",
     .name = "when.from",
     .kind = Kind::own,
     .member = kFrom,
     .doc = "When that span begins; at 00:00 if it is left out."},
    {.table = "rule",
     .name = "when.to",
     .kind = Kind::own,
     .member = kTo,
     .doc = "When that span ends; at 24:00 if it is left out."},
    {.table = "rule",
     .name = "action",
     .kind = Kind::own,
     .member = kAction,
     .required = true,
     .doc = "What happens where the rule is the first that holds. \"filter\" denies what the "
            "rule's lists have, and passes everything else on to the rules below. \"redirect\" "
            "answers with 307 and the URL in `to`; a CONNECT is denied, since nobody would see "
            "the answer. \"limit\" neither allows nor denies: the first limit that holds says how "
            "much of it each client gets, and the other rules say whether. Neither do \"open\" "
            "and \"tunnel\": the first of them that holds says whether the https of a CONNECT is "
            "opened, unless `intercept.mode` is \"off\" or the host is never opened."},
    {.table = "rule",
     .name = "to",
     .kind = Kind::own,
     .member = kRedirectTo,
     .doc = "Where a \"redirect\" sends clients. That URL itself is let through."},
    {.table = "rule",
     .name = "rate",
     .kind = Kind::own,
     .member = kRate,
     .doc = "Of a \"limit\": how much may move in a second, both ways together, for each client "
            "(see rules.md). What a second allows may move at once."},
    {.table = "rule",
     .name = "bytes_per_day",
     .kind = Kind::size,
     .member = &RuleConfig::bytes_per_day,
     .least = 1,
     .most = uint64_t{1} << 43,
     .or_zero = true,
     .doc = "Of a \"limit\": how much may move in a day of `policy.time_zone`, both ways together, "
            "for each client. What runs when it is used up ends, and what is asked for then is "
            "answered with 403. It is kept in `state_dir` over a restart."},
    {.table = "rule",
     .name = "on_reject",
     .kind = Kind::own,
     .member = kRejected,
     .doc = "Of an \"open\": what `intercept.on_reject` says of all. Empty: as there."},
    {.table = "rule",
     .name = "mode",
     .kind = Kind::own,
     .member = kMode,
     .doc = "With \"audit\", the log says what the rule would have done, and the rules below "
            "decide."},
    {.table = "rule",
     .name = "guard",
     .kind = Kind::flag,
     .member = &RuleConfig::guard,
     .doc = "Whether the rule goes before all that are no guards, and before what is allowed at "
            "run time: nothing opens what it denies."},
    {.table = "rule",
     .name = "what.size_over",
     .kind = Kind::size,
     .member = &RuleConfig::size_over,
     .least = 1,
     .most = uint64_t{1} << 50,
     .or_zero = true,
     .doc = "Answers that say that they are larger than this."},
    {.table = "rule",
     .name = "what.sni_missing",
     .kind = Kind::flag,
     .member = &RuleConfig::sni_missing,
     .doc = "Whether TLS in a tunnel is meant that names no server."},
};

}  // namespace

std::span<const base::Setting<RuleConfig>> rule_keys() {
  return kKeys;
}

}  // namespace weir::policy
