// What somebody asks to have explained, as they write it: on the command line, or as JSON.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::explain {

/// Bytes of a question in JSON.
inline constexpr size_t kLargestQuestion = 64 * 1024;

/// What whoever keeps questions expects of the answer. Empty: anything.
struct Expected {
  std::string verdict, rule;
  bool empty() const { return verdict.empty() && rule.empty(); }
  friend bool operator==(const Expected&, const Expected&) = default;
};

/// Nothing of it is checked yet. Empty: not told.
struct Asked {
  std::string url;
  /// An address, or a name of `[[client]]`.
  std::string client;
  std::string user;
  /// Its name or an address that it listens on.
  std::string listener;
  /// What the content would be for: `script`.
  std::string type;
  /// The URL of the page that the request comes from.
  std::string from;
  std::string method;
  /// `Mon 20:10`, or a time of RFC 3339.
  std::string at;
  /// Where the name leads.
  std::vector<std::string> addresses;
  /// The names that its CNAME records lead to.
  std::vector<std::string> aliases;
  /// Of the response. An empty content type: it has none.
  std::optional<std::string> content_type;
  std::optional<uint64_t> size;
  Expected expect;
  friend bool operator==(const Asked&, const Asked&) = default;
};

/// Reads a JSON object with these keys; `address` and `alias` are a text or a list of them,
/// `expect` an object. Unknown keys are errors. The error is a text for a person.
std::expected<Asked, std::string> parse_asked(std::string_view json);
/// On one line; parse_asked() reads it.
std::string json_of(const Asked& asked);

}  // namespace weir::explain
