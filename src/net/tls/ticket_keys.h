// The keys under which clients keep their TLS sessions for Weir (RFC 5077).
#pragma once
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <mutex>

namespace weir::net {

/// The newest key and the one before it, so that a ticket of one worker is good at all others. Keys
/// are made at random, never written down, and replaced by time: who gets hold of one can read what
/// was recorded under it (RFC 8446, 8.1). Shared by all workers; any thread.
class TicketKeys {
 public:
  /// How long tickets are made under one key. They are taken for as long again.
  static constexpr uint64_t kLifeMs = 12ULL * 3600 * 1000;

  /// For SSL_CTX_set_tlsext_ticket_key_evp_cb; the context's application data is this object.
  static int choose(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, int encrypts);

 private:
  static constexpr size_t kName = 16, kSecret = 32;
  struct Key {
    std::array<unsigned char, kName> name{};
    std::array<unsigned char, kSecret> cipher{}, mac{};
    uint64_t made_ms = 0;  // 0: there is none.
  };
  /// The key for new tickets.
  bool newest(uint64_t now_ms, Key& key);
  /// 0: unknown; 1: the newest; 2: the one before, so that the client gets a new ticket.
  int find(uint64_t now_ms, const unsigned char* name, Key& key);

  std::mutex mutex_;
  std::array<Key, 2> keys_{};  // The newest first.
};

}  // namespace weir::net
