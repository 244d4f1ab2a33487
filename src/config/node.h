// Reads single values of a TOML file into their slots.
#pragma once
#include <string>

#include "config/key.h"
#include "config/sources.h"
#include "config/toml_library.h"

namespace weir::config {

/// The place where a key or value begins, in the file of that number.
Place place_of(const toml::source_region& region, uint32_t file);

/// The value in the file, described for a person.
std::string shown(const toml::node& node);

/// Stores the value, or adds why it can't be stored to `mistakes`. Returns where it is.
ValueSource read_node(const Key& key, const toml::node& node, uint32_t file, const Slot& slot,
                      Mistakes& mistakes);

}  // namespace weir::config
