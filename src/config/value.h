// Single values: from what stands in the file into their slot, and back into text.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "config/keys.h"

namespace weir::config {

/// The value is a list, of elements that are read one by one; each is added to the slot.
bool takes_list(Kind kind);
/// The error says what is wrong, where the key's expectation does not say it already (else it is
/// empty).
std::expected<void, std::string> take_text(const Key& key, std::string_view text, Slot slot);
std::expected<void, std::string> take_number(const Key& key, int64_t number, Slot slot);
/// Empties a list before it is read. Of `allow`, what `allow` alone sets.
void clear(Slot slot);
/// Sorts ports, each once.
void tidy(Slot slot);

/// As the file has it.
std::string as_toml(const Key& key, Slot slot);

}  // namespace weir::config
