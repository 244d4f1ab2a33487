#include "stages/auth/password_file.h"

#include "stages/auth/password.h"

namespace weir::auth {

bool is_user_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestUser || name.front() == '#') return false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == ':') return false;
  }
  return true;
}

bool Users::check(const std::string& user, const std::string& password) const {
  const auto at = hashes_.find(user);
  const bool known = at != hashes_.end();
  const bool right = matches(password, known ? at->second : one_.empty() ? hash_of_nobody() : one_);
  return known && right;
}

std::expected<Users, std::string> parse_users(std::string_view text, const std::string& file) {
  std::unordered_map<std::string, std::string> hashes;
  std::string one;
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const auto wrong = [&](std::string_view why) {
      return std::unexpected(file + ":" + std::to_string(number) + ": " + std::string(why));
    };
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return wrong("a line is `user:hash`");
    const std::string_view user = line.substr(0, colon);
    if (!is_user_name(user))
      return wrong("a user's name has 1 to 255 bytes, no spaces and no controls");
    // Some tools put a comment behind a further colon.
    const std::string_view hash = line.substr(colon + 1, line.find(':', colon + 1) - colon - 1);
    if (const std::string why = why_refused(hash); !why.empty()) {
      return wrong(
          why +
          "; bcrypt, yescrypt and SHA-crypt are taken (`weir passwd FILE USER` makes a line)");
    }
    if (one.empty()) one = hash;
    if (!hashes.emplace(user, hash).second) return wrong("this user has a line already");
  }
  return Users(std::move(hashes), std::move(one));
}

}  // namespace weir::auth
