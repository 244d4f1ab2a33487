#include "stages/auth/password.h"

#include <crypt.h>

#include <cstring>
#include <memory>

#include "base/text.h"

namespace weir::auth {
namespace {

/// libcrypt's 32 KiB of working memory, which have held a password: not on the stack, and wiped.
struct Crypt {
  std::unique_ptr<crypt_data> data = std::make_unique<crypt_data>();
  ~Crypt() { explicit_bzero(data.get(), sizeof(crypt_data)); }
};

std::string hash_with(const std::string& password, const std::string& setting) {
  Crypt crypt;
  const char* result = crypt_r(password.c_str(), setting.c_str(), crypt.data.get());
  return result && result[0] != '*' ? result : std::string();
}

/// Whether one check of a password would take longer than some two seconds. libcrypt can't be
/// interrupted: a hash that costs hours would hold its thread, and Weir's end, until then.
bool is_too_costly(std::string_view hash) {
  if (hash.starts_with("$2")) {  // $2b$12$: two to the twelfth.
    const auto cost = base::parse_decimal<unsigned>(hash.substr(4, 2));
    return !cost || *cost > 15;
  }
  if (hash.starts_with("$y$")) {
    // $y$j9T$: 9 says how many blocks, T how large they are. More parameters only add to the cost.
    const std::string_view cost = hash.substr(3, hash.find('$', 3) - 3);
    return cost.size() != 3 || cost[0] != 'j' || cost[1] > 'D' ||
           (cost[2] != '5' && cost[2] != 'T');
  }
  constexpr std::string_view kRounds = "rounds=";
  const std::string_view parameters = hash.substr(3);  // $6$rounds=5000$, or none.
  if (!parameters.starts_with(kRounds)) return false;
  const auto rounds = base::parse_decimal<uint32_t>(
      parameters.substr(kRounds.size(), parameters.find('$') - kRounds.size()));
  return !rounds || *rounds > 5'000'000;
}

}  // namespace

std::string why_refused(std::string_view hash) {
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$"))
    return "an MD5 hash is as good as none";
  if (hash.starts_with("{SHA}")) return "a SHA-1 hash is as good as none";
  const bool strong = hash.starts_with("$2y$") || hash.starts_with("$2b$") ||
                      hash.starts_with("$y$") || hash.starts_with("$5$") || hash.starts_with("$6$");
  if (!strong)
    return hash.starts_with('$') ? "this kind of hash is not known"
                                 : "this is no hash but a password in plain text, or a DES hash, "
                                   "which is as good as none";
  const std::string text(hash);
  const int verdict = crypt_checksalt(text.c_str());
  if (verdict != CRYPT_SALT_OK && verdict != CRYPT_SALT_METHOD_LEGACY)
    return "libcrypt does not take this hash";
  if (is_too_costly(hash)) return "one check of this hash would take more than some two seconds";
  // A setting without a digest, or a hash that was cut, would match no password.
  const size_t digest = text.size() - text.rfind('$') - 1;
  const size_t least = text.starts_with("$2") ? 53 : 43;
  if (digest < least || text.size() >= CRYPT_OUTPUT_SIZE) return "this hash is not whole";
  return {};
}

bool matches(const std::string& password, const std::string& hash) {
  const std::string made = hash_with(password, hash);
  unsigned char differs = made.size() != hash.size() || made.empty();
  for (size_t i = 0; i < made.size() && i < hash.size(); ++i)
    differs |= static_cast<unsigned char>(made[i] ^ hash[i]);
  return differs == 0;
}

std::optional<std::string> make_hash(const std::string& password) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  // The salt comes from the kernel; the cost is libcrypt's default.
  if (!crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting)) return std::nullopt;
  std::string hash = hash_with(password, setting);
  if (hash.empty()) return std::nullopt;
  return hash;
}

const std::string& hash_of_nobody() {
  static const std::string hash = make_hash("").value_or(
      "$y$j9T$aaaaaaaaaaaaaaaaaaaaaa$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  return hash;
}

}  // namespace weir::auth
