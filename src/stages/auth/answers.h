// Remembers which logins were found right, so that the slow hash is not computed for each request.
#pragma once
#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/account.h"

namespace weir::auth {

/// A fingerprint of a user and a password, which reveals neither.
struct Print {
  uint64_t first = 0, second = 0;
  bool operator==(const Print&) const = default;
};

/// Holds only right logins, found by a hash of user and password under a key that is random in each
/// process. Neither user nor password is kept. Any thread.
class Answers {
 public:
  static constexpr uint64_t kKeptMs = 5 * 60'000;
  static constexpr size_t kMost = 10'000;

  Answers();
  Print print_of(std::string_view user, std::string_view password) const;
  bool has(const Print& print, uint64_t now_ms);
  void add(const Print& print, uint64_t now_ms);
  void clear();
  size_t size();

 private:
  struct PrintHash {
    size_t operator()(const Print& print) const { return print.first; }
  };
  std::array<uint64_t, 4> key_;
  std::mutex mutex_;
  std::unordered_map<Print, uint64_t, PrintHash, std::equal_to<>,
                     base::Charged<std::pair<const Print, uint64_t>>>
      until_ms_;
};

/// SipHash-2-4 (Aumasson and Bernstein).
uint64_t siphash(uint64_t key0, uint64_t key1, std::string_view bytes);

}  // namespace weir::auth
