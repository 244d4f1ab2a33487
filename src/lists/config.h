// What the proxy's owner configures about lists.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/setting.h"

namespace weir::lists {

/// `[lists.NAME]`
struct ListConfig {
  /// Files; absolute once the configuration's checks have seen them, or relative to the folder that
  /// Weir was started in.
  std::vector<std::string> paths;
  /// Where more of it is fetched from; http or https.
  std::vector<std::string> urls;
  /// How often, in milliseconds.
  uint64_t refresh_ms = base::kDay;
  /// Its author may do more than deny; nothing that comes over http is trusted.
  bool trusted = false;
  /// Lines of the owner's own.
  std::vector<std::string> rules;
  /// What several lists have in common, such as `ads`; empty: nothing.
  std::string category;
  /// Where the configuration has each path (`weir.toml:7:10`) and each of the own lines
  /// (`weir.toml:9`).
  std::vector<std::string> path_places, rule_places;
  friend bool operator==(const ListConfig&, const ListConfig&) = default;
};

/// What anybody on the way may have written.
inline bool comes_over_http(const ListConfig& list) {
  return std::ranges::any_of(list.urls, [](const auto& url) { return url.starts_with("http://"); });
}

/// By name. Rules know them by their numbers in this order.
using ListConfigs = std::map<std::string, ListConfig>;

}  // namespace weir::lists
