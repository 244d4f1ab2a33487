// What is held for the network's sake, counted by whoever holds it. docs/design/account.md says why
// so.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include "base/callback.h"

namespace weir::base {

/// Who holds it.
enum class Holding : uint8_t {
  objects,  // Coroutine frames, heads, bodies, streams: all that lives in the free lists, with what
            // waits there; long texts.
  blocks,   // What bytes are read into, with what waits in the free lists.
  pipes,    // Bytes that the kernel holds in pipes (splice).
  tables,   // Entries by name or address: names looked up, clients, origins.
  log,      // Lines that wait to be written.
  promised,  // Not held yet: a block for each exchange that runs.
};
inline constexpr size_t kHoldings = 6;
/// As `weir status` has it.
std::string_view name_of(Holding holding);

/// How what is held stands to the limit: near it from 7/8 on, over it from 17/16 on.
enum class Memory : uint8_t { enough, near, full, over };

/// The process's one account. Each thread counts by itself, without atomic read-modify-writes;
/// whoever asks adds the threads up. What one thread charges another may give back: only the sum
/// means anything.
class Account {
 public:
  /// Any thread; negative gives back.
  static void charge(Holding holding, int64_t bytes) noexcept;

  /// As of a moment ago: each thread compares anew whenever what it holds has changed by kStep, or
  /// a 256th of the limit if that is less.
  static Memory stand() noexcept;
  static constexpr int64_t kStep = 64 * 1024;
  /// Compares now.
  static void compare() noexcept;

  /// Bytes; 0: no limit. Any thread.
  static void set_limit(uint64_t bytes) noexcept;
  static uint64_t limit() noexcept;

  /// The system gives no memory (Reserve): over the limit, whatever is held, until this says
  /// otherwise. Any thread, in operator new too.
  static void set_exhausted(bool exhausted) noexcept;

  static std::array<int64_t, kHoldings> held() noexcept;
  static int64_t held_in_all() noexcept;

  class Watch;
};

/// While it lives, `on_scarce` is called on the thread that made it, from inside charge(), when
/// that finds that there is not enough: it may do no more than make a note. One a thread; goes on
/// the same thread.
class Account::Watch {
 public:
  explicit Watch(Callback<> on_scarce) noexcept;
  Watch(const Watch&) = delete;
  ~Watch();
};

/// An allocator that charges: for tables and texts whose size the network decides.
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

/// A text whose length the network decides.
using ChargedText =
    std::basic_string<char, std::char_traits<char>, Charged<char, Holding::objects>>;

}  // namespace weir::base
