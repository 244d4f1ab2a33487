// What a key of the configuration file is. Each folder lists the keys of its own Config struct in
// keys.cc, beside its config.h. From these lists config/ makes the reader with its messages, the
// reference and the commented defaults.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"

namespace weir::base {

/// What a value looks like in the file, and how it is stored.
enum class ValueKind : uint8_t {
  flag,           // true, false; in a std::optional, left out is a third answer
  allow_or_deny,  // "allow", "deny"; stored as a bool
  number,
  duration,  // "10s"; stored in milliseconds
  size,      // "64KiB" or a number; stored in bytes
  token,     // RFC 9110, 5.6.2
  path,      // absolute path of a file; "": none is chosen
  ports,
  endpoints,  // one "ADDRESS:PORT" or a list of them
  networks,
  files,  // paths of files that are read beside this one
  own,    // strings that only the folder understands: the member is an OwnValue
};

/// The outcome of storing a value. The error says what is wrong with the value; it is empty if the
/// description of what is expected already says it.
using Taken = std::expected<void, std::string>;

/// A value that only the folder that owns the struct `S` can read and write, such as a word for a
/// value of its enum, or a list of its patterns.
template <class S>
struct OwnValue {
  /// What the value may be, for people: `"needed", "always" or "never"`.
  std::string_view expectation;
  /// Stores the value, or adds it to the list as one more element.
  Taken (*take)(S&, std::string_view text);
  /// The value as the file has it, without quotes; a list's elements.
  std::vector<std::string> (*texts)(const S&);
  /// Empties the list; null if the value is no list.
  void (*clear)(S&) = nullptr;
};

/// The member of `S` that stores a value.
template <class S>
using Member =
    std::variant<bool S::*, std::optional<bool> S::*, uint32_t S::*, uint64_t S::*,
                 std::string S::*, std::vector<std::string> S::*, std::vector<uint16_t> S::*,
                 std::vector<Endpoint> S::*, std::vector<Cidr> S::*, OwnValue<S>>;

/// One key, whose value is stored in a struct `S`. Its default is what the member is initialised
/// with.
template <class S>
struct Setting {
  /// The table of the file that has the key; empty for the top of the file.
  std::string_view table;
  std::string_view name;
  ValueKind kind;
  Member<S> member;
  /// The range of a number, duration (ms) or size (bytes), or of each port in a list.
  uint64_t least = 0, most = 0;
  /// 0 is allowed too; it turns the feature off.
  bool or_zero = false;
  /// The key has no default: the file must have it.
  bool required = false;
  /// A reload does not change the value.
  bool needs_restart = false;
  /// What the key does, in whole sentences for the user.
  std::string_view doc;
};

inline constexpr uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                          kDay = 24 * kHour;
inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

/// Adds the network that `text` describes.
Taken add_network(std::vector<Cidr>& to, std::string_view text);
/// The network as a file has it: a single address has no prefix length.
std::string network_text(const Cidr& network);

/// The text of each item, as `text` writes it.
template <class Items, class Text>
std::vector<std::string> texts_of(const Items& items, Text text) {
  std::vector<std::string> out;
  for (const auto& item : items) out.push_back(text(item));
  return out;
}

}  // namespace weir::base
