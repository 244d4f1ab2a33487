// Keys that no chain may contain, whoever vouches for them.
#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls/openssl.h"

namespace weir::net {

/// The SHA-256 hash of a certificate's SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), as of RFC 7469,
/// 2.4: it stays the same when a certificate is renewed with its key.
using KeyHash = std::array<uint8_t, 32>;

/// 64 hexadecimal digits, in pairs with or without colons between them. The error is a sentence's
/// end that says what is wrong.
std::expected<KeyHash, std::string> parse_key_hash(std::string_view text);
/// In lower case, without colons.
std::string text_of(const KeyHash& hash);
/// Nothing if there is no memory.
std::optional<KeyHash> key_hash_of(const X509* certificate);

/// Immutable.
class Distrust {
 public:
  /// Texts that parse_key_hash() takes; others are left out.
  explicit Distrust(const std::vector<std::string>& hashes = {});

  /// Why `chain`, from the origin's certificate to the root, is refused, as the end of "The
  /// certificate of HOST ..."; empty: it is not.
  std::string why_refused(const STACK_OF(X509) * chain) const;
  friend bool operator==(const Distrust&, const Distrust&) = default;

 private:
  std::vector<KeyHash> hashes_;  // In order.
};

}  // namespace weir::net
