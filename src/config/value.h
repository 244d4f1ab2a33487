// Single values: stores what the file says in a slot, and writes a slot back as text.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/keys.h"

namespace weir::config {

/// True if the value is a list. Its elements are read one by one, and each is added to the slot.
bool takes_list(Kind kind);
/// Stores one value or list element in `slot`. The error says what is wrong; it is empty if the
/// key's expectation already says it.
std::expected<void, std::string> take_text(const Key& key, std::string_view text, Slot slot);
std::expected<void, std::string> take_number(const Key& key, int64_t number, Slot slot);
/// Empties a list before it is read. For a policy::Config, only the names and networks that the key
/// `allow` sets.
void clear(Slot slot);
/// Sorts ports and removes duplicates.
void tidy(Slot slot);

/// The value as a TOML file has it.
std::string as_toml(const Key& key, Slot slot);

}  // namespace weir::config
