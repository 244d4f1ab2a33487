#include "net/tls/memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>

#include "base/account.h"

namespace weir::net {
namespace {

/// What the allocator gave, which is what a later call finds again: a size beside each piece would
/// cost more.
int64_t size_of(void* memory) {
  return static_cast<int64_t>(malloc_usable_size(memory));
}
void charge(int64_t bytes) {
  base::Account::charge(base::Holding::tls, bytes);
}

void* take(size_t size, const char*, int) {
  void* const memory = std::malloc(size);
  if (memory) charge(size_of(memory));
  return memory;
}

void* take_more(void* memory, size_t size, const char*, int) {
  const int64_t before = memory ? size_of(memory) : 0;
  void* const moved = std::realloc(memory, size);
  if (moved) charge(size_of(moved) - before);
  return moved;
}

void give_back(void* memory, const char*, int) {
  if (!memory) return;
  charge(-size_of(memory));
  std::free(memory);
}

}  // namespace

void charge_for_tls() noexcept {
  CRYPTO_set_mem_functions(&take, &take_more, &give_back);
  // Workers may still run when the process ends: nothing of OpenSSL's is taken from under them.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
}

}  // namespace weir::net
