// Tells what is wrong with the files of lists before anybody serves with them.
#pragma once
#include <string>
#include <vector>

#include "lists/config.h"
#include "match/list_entry.h"

namespace weir::lists {

struct CheckedSources {
  /// Files that can't be read or are no lists: `weir.toml:7:10: /etc/weir/ads.txt can't be read:
  /// ...`. May have any bytes of the files.
  std::vector<std::string> mistakes;
  /// What each file has, and the first lines that are not taken.
  std::vector<std::string> notes;
};

/// What a source has: `hosts 120, networks 3, not taken 2`.
std::string counts_of(const match::ListReport& report);

/// Reads all files.
CheckedSources check_sources(const ListConfigs& configs);

}  // namespace weir::lists
