// Single values: stores what the file says in a slot, and writes a slot back as text.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "config/key.h"

namespace weir::config {

/// Stores one value or list element in `slot`. The error says what is wrong; it is empty if the
/// key's expectation already says it.
Taken take_text(const Key& key, std::string_view text, const Slot& slot);
Taken take_number(const Key& key, int64_t number, const Slot& slot);
/// Empties a list before it is read.
void clear(const Slot& slot);
/// Sorts ports and removes duplicates.
void tidy(const Slot& slot);

/// The value as a TOML file has it. Empty if it is a flag that was left out.
std::string as_toml(const Key& key, const Slot& slot);
/// What a value of this key looks like: `a duration such as "10s", from 1s to 1h`.
std::string expectation(const Key& key);

}  // namespace weir::config
