// Accounts for memory that is held because of network traffic; each holder charges what it holds.
// Reasons: docs/design/account.md.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include "base/callback.h"

namespace weir::base {

/// What the memory is held for.
enum class Holding : uint8_t {
  objects,   // Coroutine frames, heads, bodies, streams: all that comes from the free lists, and
             // what is free in them; long texts.
  blocks,    // Buffers that bytes are read into, and those in the free lists.
  pipes,     // Bytes that the kernel holds in pipes (splice).
  tables,    // Entries by name or address: names looked up, clients, origins.
  log,       // Lines that wait to be written.
  tls,       // All that OpenSSL holds: connections, certificates, sessions.
  promised,  // Not held yet: one block per running exchange.
};
inline constexpr size_t kHoldings = 7;
/// The name that `weir status` prints.
std::string_view name_of(Holding holding);

/// How the memory held compares with the limit: near from 7/8 of it, full from the limit itself,
/// over from 17/16 of it.
enum class Memory : uint8_t { enough, near, full, over };

/// The process's only account. Each thread has its own counters, so no atomic read-modify-write is
/// needed; a query adds up all threads. One thread may give back what another has charged: only the
/// sum means anything.
class Account {
 public:
  /// Adds `bytes`; a negative number gives bytes back. Any thread.
  static void charge(Holding holding, int64_t bytes) noexcept;

  /// The result of the last comparison. Each thread compares again when its own sum has changed by
  /// kStep, or by a 256th of the limit if that is less.
  static Memory stand() noexcept;
  static constexpr int64_t kStep = 64 * 1024;
  /// Compares now.
  static void compare() noexcept;

  /// Bytes; 0: no limit. Any thread.
  static void set_limit(uint64_t bytes) noexcept;
  static uint64_t limit() noexcept;

  /// Called by Reserve when the system gives no memory: stand() is then `over`, whatever is held,
  /// until this is called with false. Any thread, also inside operator new.
  static void set_exhausted(bool exhausted) noexcept;

  static std::array<int64_t, kHoldings> held() noexcept;
  static int64_t held_in_all() noexcept;

  class Watch;
};

/// While a Watch lives, `on_scarce` is called on the thread that made it when charge() finds memory
/// scarce. The call comes from inside charge(), so `on_scarce` may only make a note. At most one
/// per thread; destroyed on the same thread.
class Account::Watch {
 public:
  explicit Watch(Callback<> on_scarce) noexcept;
  Watch(const Watch&) = delete;
  ~Watch();
};

/// An allocator that charges the account: for tables and texts whose size depends on network input.
template <class T, Holding holding = Holding::tables>
struct Charged {
  using value_type = T;
  template <class U>
  struct rebind {
    using other = Charged<U, holding>;
  };
  Charged() = default;
  template <class U>
  Charged(const Charged<U, holding>&) {}

  T* allocate(size_t count) {
    T* const memory = static_cast<T*>(::operator new(count * sizeof(T)));
    Account::charge(holding, static_cast<int64_t>(count * sizeof(T)));
    return memory;
  }
  void deallocate(T* memory, size_t count) noexcept {
    Account::charge(holding, -static_cast<int64_t>(count * sizeof(T)));
    ::operator delete(memory);
  }
  friend bool operator==(const Charged&, const Charged&) { return true; }
};

/// A text whose length depends on network input.
using ChargedText =
    std::basic_string<char, std::char_traits<char>, Charged<char, Holding::objects>>;

}  // namespace weir::base
