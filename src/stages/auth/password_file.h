// An htpasswd file: lines of `user:hash`.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::auth {

inline constexpr size_t kLargestFile = 16 * 1024 * 1024;
inline constexpr size_t kLongestUser = 255;

/// A name has no colon, space or control character: it is written to the log, and stands before the
/// colon in the file.
bool is_user_name(std::string_view name);

/// The users of one file. Immutable.
class Users {
 public:
  explicit Users(std::unordered_map<std::string, std::string> hashes, std::string one = {})
      : hashes_(std::move(hashes)), one_(std::move(one)) {}
  /// Takes as long for a user who does not exist as for one who does. Any thread except a worker's.
  bool check(const std::string& user, const std::string& password) const;
  size_t size() const { return hashes_.size(); }
  /// The same users with the same hashes.
  bool operator==(const Users&) const = default;

 private:
  std::unordered_map<std::string, std::string> hashes_;
  // The first line's hash. An unknown user is checked against it, so that this takes as long as for
  // a known one.
  std::string one_;
};

/// Comments (#) and empty lines aside, each line is a user and a strong hash (see why_refused),
/// each user once. The error is `file:line: why`, without the hash.
std::expected<Users, std::string> parse_users(std::string_view text, const std::string& file);

}  // namespace weir::auth
