#include "policy/usage.h"

#include <algorithm>

#include "base/text.h"

namespace weir::policy {
namespace {

constexpr int kBytesBits = 44;  // 16 TiB a day.
constexpr uint64_t kMostToday = (uint64_t{1} << kBytesBits) - 1;
constexpr uint64_t kSecondUs = 1'000'000;
/// So many places are looked at for the one that loses least.
constexpr size_t kLookedAt = 16;

bool fits_a_line(std::string_view name) {
  return name.find_first_of("\t\n") == std::string_view::npos;
}

/// Takes the text up to `end` off the front of `rest`.
std::string_view take(std::string_view& rest, char end) {
  const size_t at = std::min(rest.find(end), rest.size());
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return taken;
}

}  // namespace

uint64_t Usage::add(uint32_t day, uint64_t bytes) {
  uint64_t before = today_.load(std::memory_order_relaxed), after = 0;
  do {
    // A clock that was set back gives nobody a second day.
    const uint64_t kept_day = before >> kBytesBits;
    const uint64_t kept = day > kept_day ? 0 : before & kMostToday;
    const uint64_t sum = std::min(kept + std::min(bytes, kMostToday), kMostToday);
    after = std::max<uint64_t>(kept_day, day) << kBytesBits | sum;
  } while (!today_.compare_exchange_weak(before, after, std::memory_order_relaxed));
  return after & kMostToday;
}

uint64_t Usage::used(uint32_t day) const {
  const uint64_t today = today_.load(std::memory_order_relaxed);
  return day > today >> kBytesBits ? 0 : today & kMostToday;
}

void Usage::pace(uint64_t bytes, uint64_t rate, uint64_t now_ms) {
  const uint64_t now_us = now_ms * 1000;
  const uint64_t earliest = now_us < kSecondUs ? 0 : now_us - kSecondUs;
  const uint64_t takes_us = (bytes * kSecondUs + rate - 1) / rate;
  uint64_t before = free_at_us_.load(std::memory_order_relaxed), after = 0;
  do {
    after = std::max(before, earliest) + takes_us;
  } while (!free_at_us_.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

std::string Usages::key_of(std::string_view rule, std::string_view client) {
  return std::string(rule).append(1, '\0').append(client);
}

std::shared_ptr<Usage> Usages::of(std::string_view rule, std::string_view client) {
  const std::string key = key_of(rule, client);
  std::lock_guard lock(mutex_);
  if (const auto known = places_.find(key); known != places_.end())
    return entries_[known->second].usage;
  const size_t place = place_for_one_more();
  if (place == entries_.size()) {
    entries_.emplace_back();
  } else {
    places_.erase(key_of(entries_[place].rule, entries_[place].client));
  }
  entries_[place] = {std::string(rule), std::string(client), std::make_shared<Usage>()};
  places_.emplace(key, place);
  return entries_[place].usage;
}

size_t Usages::place_for_one_more() {
  if (entries_.size() < kMost) return entries_.size();
  size_t best = hand_;
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < kLookedAt; ++i) {
    const size_t place = (hand_ + i) % entries_.size();
    // What somebody holds goes last: its bytes would be counted where nobody sees them.
    const bool held = entries_[place].usage.use_count() > 1;
    const uint64_t used = held ? UINT64_MAX - 1 : entries_[place].usage->used(day());
    if (used >= least) continue;
    best = place;
    least = used;
  }
  hand_ = (hand_ + kLookedAt) % entries_.size();
  return best;
}

size_t Usages::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

std::string Usages::text() const {
  const uint32_t today = day();
  std::string text = std::to_string(today) + '\n';
  std::lock_guard lock(mutex_);
  for (const Entry& each : entries_) {
    const uint64_t used = each.usage->used(today);
    if (used == 0 || !fits_a_line(each.client) || !fits_a_line(each.rule)) continue;
    text += std::to_string(used) + '\t' + each.client + '\t' + each.rule + '\n';
  }
  return text;
}

std::string Usages::read(std::string_view text) {
  std::string_view rest = text;
  const auto of_day = base::parse_decimal<uint32_t>(take(rest, '\n'));
  if (!of_day) return "line 1 has no day";
  for (size_t number = 2; !rest.empty() && number <= kMost + 1; ++number) {
    std::string_view line = take(rest, '\n');
    const auto bytes = base::parse_decimal<uint64_t>(take(line, '\t'));
    const std::string_view client = take(line, '\t');
    if (!bytes || client.empty() || line.empty())
      return "line " + std::to_string(number) + " has not bytes, client and rule";
    of(line, client)->add(*of_day, *bytes);
  }
  return {};
}

}  // namespace weir::policy
