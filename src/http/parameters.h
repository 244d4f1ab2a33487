// Lists of `name`, `name=token` and `name="quoted"`, as in Cache-Control and Prefer.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weir::http {

/// One element of a list (RFC 9111, 5.2; RFC 9110, 5.6.1).
struct ListParameter {
  std::string_view name;
  /// As it was sent: with quotes and escapes if it was quoted. Empty without `=`.
  std::string_view raw;
  bool has_value = false;
  bool quoted = false;
  /// The element is `name` alone, or a name and a well-formed value.
  bool well_formed = true;

  /// Without quotes and escapes.
  std::string value() const;
};

/// Takes the next element off a comma-separated list; commas in quoted strings separate nothing,
/// and empty elements are passed over. Nothing is left: nullopt. An element that follows no grammar
/// has the name that it begins with, which may be empty, and is not `well_formed`.
std::optional<ListParameter> take_parameter(std::string_view& list);

}  // namespace weir::http
