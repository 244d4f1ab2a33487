// JSON by nlohmann's library, used so that nothing throws for what a text contains.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace weir::explain {

/// Keeps the order of keys.
using Json = nlohmann::ordered_json;

/// `discarded` (it is no object, array or value) if the text is no JSON. Neither reading nor
/// destroying recurses, however deep the text nests.
inline Json parse_json(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

/// Of a value that is_string().
inline const std::string& text_of(const Json& value) {
  return *value.get_ptr<const std::string*>();
}

/// Nothing if it is no whole number from 0.
inline std::optional<uint64_t> number_of(const Json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return *value.get_ptr<const uint64_t*>();
}

/// On one line. Bytes that are no UTF-8 are replaced.
inline std::string written(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace weir::explain
