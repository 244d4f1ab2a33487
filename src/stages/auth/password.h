// Hashes of passwords, as libcrypt (crypt(5)) makes and checks them. The one place that includes
// <crypt.h>.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace weir::auth {

/// Longer ones are no passwords (libcrypt's own limit is 512).
inline constexpr size_t kLongestPassword = 511;

/// Bcrypt (`$2b$`, `$2y$`), yescrypt (`$y$`), SHA-crypt (`$5$`, `$6$`) that libcrypt takes. Empty,
/// or why not.
std::string why_refused(std::string_view hash);

/// The password's hash is this one. Takes up to a second or so, by design; compares in constant
/// time. Any thread.
bool matches(const std::string& password, const std::string& hash);

/// A yescrypt hash with a salt of its own; nothing where libcrypt can't.
std::optional<std::string> make_hash(const std::string& password);

/// Of no password that anybody knows: what a user who does not exist is checked against.
const std::string& hash_of_nobody();

}  // namespace weir::auth
