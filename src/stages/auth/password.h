// Hashes of passwords, as libcrypt (crypt(5)) makes and checks them. The one place that includes
// <crypt.h>.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weir::auth {

/// Longer passwords are refused (libcrypt's own limit is 512).
inline constexpr size_t kLongestPassword = 511;

/// Accepts bcrypt (`$2b$`, `$2y$`), yescrypt (`$y$`) and SHA-crypt (`$5$`, `$6$`) hashes that
/// libcrypt takes. Returns an empty text, or why the hash is refused.
std::string why_refused(std::string_view hash);

/// True if the password has this hash. Takes up to a second or so, by design; compares in constant
/// time. Any thread.
bool matches(const std::string& password, const std::string& hash);

/// Makes a yescrypt hash with a new salt; nothing if libcrypt can't.
std::optional<std::string> make_hash(const std::string& password);

/// A hash that a user who does not exist is checked against, so that it takes as long as for one
/// who does. What comes of that check counts for nothing.
const std::string& hash_of_nobody();

}  // namespace weir::auth
