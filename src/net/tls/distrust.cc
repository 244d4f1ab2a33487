#include "net/tls/distrust.h"

#include <openssl/evp.h>

#include <algorithm>

namespace weir::net {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

/// 16: it is none.
size_t value_of(char digit) {
  if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
  return std::min(kDigits.find(digit), kDigits.size());
}

}  // namespace

std::expected<KeyHash, std::string> parse_key_hash(std::string_view text) {
  KeyHash hash;
  const bool colons = text.size() == 3 * hash.size() - 1;
  if (!colons && text.size() != 2 * hash.size())
    return std::unexpected("it does not have 64 hexadecimal digits");
  for (size_t i = 0; i < hash.size(); ++i) {
    const size_t at = i * (colons ? 3 : 2);
    const size_t high = value_of(text[at]), low = value_of(text[at + 1]);
    if (high > 15 || low > 15 || (colons && i > 0 && text[at - 1] != ':'))
      return std::unexpected("it has other characters than hexadecimal digits");
    hash[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return hash;
}

std::string text_of(const KeyHash& hash) {
  std::string text;
  for (const uint8_t byte : hash) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<KeyHash> key_hash_of(const X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
  if (size <= 0) return std::nullopt;
  KeyHash hash;
  const int made =
      EVP_Digest(bytes, static_cast<size_t>(size), hash.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(bytes);
  return made == 1 ? std::optional(hash) : std::nullopt;
}

Distrust::Distrust(const std::vector<std::string>& hashes) {
  for (const std::string& text : hashes)
    if (const auto hash = parse_key_hash(text)) hashes_.push_back(*hash);
  std::ranges::sort(hashes_);
}

std::string Distrust::why_refused(const STACK_OF(X509) * chain) const {
  if (hashes_.empty()) return {};
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const auto hash = key_hash_of(sk_X509_value(chain, i));
    if (!hash) return "could not be compared with `tls.distrusted`: there is no memory";
    if (!std::ranges::binary_search(hashes_, *hash)) continue;
    const std::string what = i == 0 ? "has a key" : "depends on a key";
    return what + " that this proxy's owner distrusts (" + text_of(*hash) + ')';
  }
  return {};
}

}  // namespace weir::net
