// What clients have used of the limits that the owner's rules set.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"

namespace weir::policy {

/// What one client has used of one rule. Any thread.
class Usage {
 public:
  /// Adds to the bytes of `day`, and returns their sum. A later day begins at zero.
  uint64_t add(uint32_t day, uint64_t bytes);
  uint64_t used(uint32_t day) const;
  /// `bytes` move that may move at `rate` a second. What a second allows may move at once.
  void pace(uint64_t bytes, uint64_t rate, uint64_t now_ms);
  /// When the next may move, by the clock of pace(); 0 if nothing has.
  uint64_t next_ms() const { return (free_at_us_.load(std::memory_order_relaxed) + 999) / 1000; }

 private:
  // The day in the upper bits and its bytes in the lower, so that both change at once.
  std::atomic<uint64_t> today_{0};
  /// When all that has moved would have moved, had it kept to the rate.
  std::atomic<uint64_t> free_at_us_{0};
};

/// All of them. Any thread.
class Usages {
 public:
  /// When there are more, a newcomer takes the place of somebody who has no request and has used
  /// little.
  static constexpr size_t kMost = 65'536;
  static constexpr size_t kMostBytes = size_t{64} * 1024 * 1024;

  /// Never null. Both names count as they are.
  std::shared_ptr<Usage> of(std::string_view rule, std::string_view client);

  /// Today's number, days since 1970-01-01 in the time zone of the rules. Whoever has a clock sets
  /// it.
  uint32_t day() const { return day_.load(std::memory_order_relaxed); }
  void set_day(uint32_t day) { day_.store(day, std::memory_order_relaxed); }

  /// What was used today, a line each, for a file: bytes, client and rule between tabs, behind a
  /// line with the day.
  std::string text() const;
  /// Reads that again, also if it is of another day. Returns empty, or what is wrong with it.
  std::string read(std::string_view text);
  size_t size() const;

 private:
  struct Entry {
    std::string rule, client;
    std::shared_ptr<Usage> usage;
  };

  static std::string key_of(std::string_view rule, std::string_view client);
  size_t place_for_one_more();

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  /// By rule and client: the place among the entries.
  std::unordered_map<std::string, size_t, base::TextHash, std::equal_to<>> places_;
  /// Where the next search for a place begins.
  size_t hand_ = 0;
  std::atomic<uint32_t> day_{0};
};

}  // namespace weir::policy
