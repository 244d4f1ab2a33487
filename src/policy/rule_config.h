// A rule as the owner writes it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "match/site_pattern.h"
#include "match/url_pattern.h"
#include "policy/content_kind.h"
#include "policy/schedule.h"
#include "policy/table.h"

namespace weir::policy {

/// The values of a rule's `what`, or of its `not_` keys.
struct WhatConfig {
  std::vector<match::SitePattern> hosts;
  std::vector<match::UrlPattern> urls;
  std::vector<uint16_t> ports;
  /// In capitals.
  std::vector<std::string> methods;
  std::vector<ContentKind> kinds;
  /// Names of `[lists.NAME]`, and of categories of lists.
  std::vector<std::string> lists, categories;
  /// In lower case.
  std::vector<std::string> content_types;
  std::vector<base::Cidr> addresses;
  /// Two capital letters.
  std::vector<std::string> countries;
  friend bool operator==(const WhatConfig&, const WhatConfig&) = default;
};

/// `[[rule]]`: names of listeners, clients, groups and lists are not looked up yet.
struct RuleConfig {
  std::string name;
  std::vector<std::string> listeners, clients, users, groups;
  Schedule when;
  /// One span of hours, written as keys of its own; added to `when` once all are read.
  std::string days, from, to_time;
  WhatConfig what, but_not;
  uint64_t size_over = 0;
  bool sni_missing = false;
  Action action = Action::deny;
  bool audit = false;
  bool guard = false;
  /// Made by with_presets(): behind the owner's own rules, or a guard.
  bool preset = false;
  /// Of Action::redirect.
  std::string to;
  /// Of Action::limit: bytes a second, and bytes a day; 0: no such limit.
  uint64_t rate = 0, bytes_per_day = 0;
  /// Of Action::open.
  OnReject on_reject = OnReject::unset;
  /// Where it is written: `weir.toml:31`.
  std::string place;
  friend bool operator==(const RuleConfig&, const RuleConfig&) = default;
};

/// `allow`, `deny` ...
std::string_view name_of(Action action);

}  // namespace weir::policy
