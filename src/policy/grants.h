// What somebody allowed, blocked or paused while Weir runs.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match/site_pattern.h"
#include "policy/directory.h"
#include "policy/table.h"

namespace weir::policy {

/// One of them. Who is meant are names, since a reload changes what they stand for.
struct Grant {
  enum class Kind : uint8_t { allow, block, pause };

  /// Given by Grants, from 1; never given twice.
  uint32_t id = 0;
  Kind kind = Kind::allow;
  /// Not of a pause.
  std::optional<match::SitePattern> host = {};
  /// Empty: everyone. At most one of the two.
  std::string client = {}, group = {};
  /// When it ends, in seconds since 1970, UTC; 0: when it is revoked.
  int64_t until = 0;

  friend bool operator==(const Grant&, const Grant&) = default;
};

/// `allow`, `block`, `pause`.
std::string_view name_of(Grant::Kind kind);

/// All that hold. Plain data of one thread; the caller keeps it in a file.
class Grants {
 public:
  /// Each is a rule that every request is asked.
  static constexpr size_t kMost = 200;
  /// Of the text that keeps them.
  static constexpr size_t kMostBytes = 256 * 1024;

  /// Reads what text() wrote. The error names the line.
  static std::expected<Grants, std::string> parse(std::string_view text);
  std::string text() const;

  /// Returns the new one's id; nothing if there are kMost already. One that is the same but for its
  /// end takes the place of the old one, under a new id.
  std::optional<uint32_t> add(Grant grant);
  /// False: there is none of that id.
  bool revoke(uint32_t id);
  /// Removes what has ended by `now`. True if any has.
  bool end(int64_t now);

  std::span<const Grant> all() const { return grants_; }
  bool empty() const { return grants_.empty(); }

  /// Puts them into the table, the newest first. Whoever is meant by a name that nobody has any
  /// more is nobody.
  void add_to(Table& table, const Directory& directory) const;

 private:
  uint32_t last_id_ = 0;
  std::vector<Grant> grants_;
};

}  // namespace weir::policy
