// A table of what was learned from the network: bounded, shared out by owner, forgotten by time.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/account.h"
#include "base/hash.h"

namespace weir::intercept {

/// `Value` by key. An owner that has too many entries, such as a client, loses its own oldest ones;
/// if there are too many in all, the oldest goes. Not for several threads.
template <class Value>
class Remembered {
 public:
  struct Limits {
    size_t most, most_each;
    uint64_t life_ms;
  };
  struct Entry {
    std::string key, owner;
    uint64_t since_ms;
    Value value;
  };

  explicit Remembered(Limits limits) : limits_(limits) {}

  /// Null if it is not known, or was noted too long ago.
  Value* find(std::string_view key, uint64_t now_ms) {
    forget(now_ms);
    const auto at = places_.find(key);
    return at == places_.end() ? nullptr : &at->second->value;
  }
  /// The one that is known, or a new one. It is remembered from now on.
  Value& at(std::string_view key, std::string_view owner, uint64_t now_ms) {
    forget(now_ms);
    if (const auto known = places_.find(key); known != places_.end()) {
      known->second->since_ms = now_ms;
      entries_.splice(entries_.begin(), entries_, known->second);
      return known->second->value;
    }
    make_room(owner);
    entries_.push_front({std::string(key), std::string(owner), now_ms, {}});
    places_.emplace(entries_.front().key, entries_.begin());
    ++each_[std::string(owner)];
    return entries_.front().value;
  }
  template <class If>
  void erase_if(If matches) {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (matches(*entry)) erase(entry);
      entry = next;
    }
  }
  /// Newest first.
  const auto& entries() const { return entries_; }

 private:
  using Entries = std::list<Entry, base::Charged<Entry>>;

  void forget(uint64_t now_ms) {
    // Workers' clocks differ by some milliseconds: an entry may seem to come from the future.
    while (!entries_.empty() && now_ms >= entries_.back().since_ms + limits_.life_ms)
      erase(std::prev(entries_.end()));
  }
  void make_room(std::string_view owner) {
    const auto count = each_.find(owner);
    if (count != each_.end() && count->second >= limits_.most_each) {
      auto entry = std::prev(entries_.end());
      while (entry->owner != owner) --entry;
      return erase(entry);
    }
    if (entries_.size() >= limits_.most) erase(std::prev(entries_.end()));
  }
  void erase(typename Entries::iterator entry) {
    const auto count = each_.find(entry->owner);
    if (--count->second == 0) each_.erase(count);
    places_.erase(entry->key);
    entries_.erase(entry);
  }

  const Limits limits_;
  Entries entries_;
  std::unordered_map<std::string_view, typename Entries::iterator, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string_view, typename Entries::iterator>>>
      places_;
  std::unordered_map<std::string, size_t, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string, size_t>>>
      each_;
};

}  // namespace weir::intercept
