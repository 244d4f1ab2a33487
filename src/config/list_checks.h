// Finds mistakes in lists that no single value shows.
#pragma once
#include "config/config.h"
#include "config/sources.h"
#include "policy/compile.h"

namespace weir::config {

/// Makes relative paths count from the folder of the file that has them, and notes in each list
/// where its values are written; adds names that can't be names of files, and own lines that are
/// not understood.
void check_lists(Config& config, const Sources& sources, Mistakes& mistakes);

/// The lists' names and categories, as rules know them.
std::vector<policy::ListName> list_names(const Config& config);

}  // namespace weir::config
