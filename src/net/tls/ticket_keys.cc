#include "net/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <cstring>

#include "base/clock.h"

namespace weir::net {

bool TicketKeys::newest(uint64_t now_ms, Key& key) {
  const std::lock_guard lock(mutex_);
  if (keys_[0].made_ms == 0 || now_ms - keys_[0].made_ms >= kLifeMs) {
    Key made;
    if (RAND_bytes(made.name.data(), kName) != 1 || RAND_bytes(made.cipher.data(), kSecret) != 1 ||
        RAND_bytes(made.mac.data(), kSecret) != 1)
      return false;
    made.made_ms = now_ms;
    keys_[1] = keys_[0];
    keys_[0] = made;
  }
  key = keys_[0];
  return true;
}

int TicketKeys::find(uint64_t now_ms, const unsigned char* name, Key& key) {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].made_ms == 0 || std::memcmp(keys_[i].name.data(), name, kName) != 0) continue;
    if (now_ms - keys_[i].made_ms >= 2 * kLifeMs) return 0;
    key = keys_[i];
    return i == 0 && now_ms - key.made_ms < kLifeMs ? 1 : 2;
  }
  return 0;
}

int TicketKeys::choose(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int encrypts) {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const uint64_t now_ms = base::monotonic_ms();
  Key key;
  int answer = 1;
  if (encrypts != 0) {
    if (!keys.newest(now_ms, key) || RAND_bytes(iv, EVP_CIPHER_get_iv_length(kCipher)) != 1)
      return -1;
    std::memcpy(name, key.name.data(), kName);
    if (EVP_EncryptInit_ex2(cipher, kCipher, key.cipher.data(), iv, nullptr) != 1) return -1;
  } else {
    answer = keys.find(now_ms, name, key);
    if (answer == 0) return 0;
    if (EVP_DecryptInit_ex2(cipher, kCipher, key.cipher.data(), iv, nullptr) != 1) return -1;
  }
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), kSecret),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1 ? answer : -1;
}

}  // namespace weir::net
