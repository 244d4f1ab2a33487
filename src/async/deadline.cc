#include "async/deadline.h"

#include <algorithm>
#include <bit>

#include "async/event_loop.h"
#include "async/task.h"

namespace weir::async {

void Deadline::set(uint64_t at_ms) {
  due_ms_ = at_ms;
  if (at_ms == kNever || (linked() && queued_tick_ * TimerWheel::kTickMs <= at_ms)) return;
  EventLoop::current().wheel().queue(*this);
}

void Deadline::set(uint64_t at_ms, TimerWheel& wheel) {
  due_ms_ = at_ms;
  wheel.queue(*this);
}

void TimerWheel::queue(Deadline& deadline) {
  deadline.unlink();
  // Rounded up, and never the current tick, which has been run: a deadline is never early.
  uint64_t tick = std::max((deadline.due_ms_ + kTickMs - 1) / kTickMs, tick_ + 1);
  constexpr uint64_t kFarthest = (uint64_t{1} << (kBits * kLevels)) - 1;
  tick = std::min(tick, tick_ + kFarthest);
  deadline.queued_tick_ = tick;
  int level = 0;
  while (level < kLevels - 1 && (tick >> (kBits * (level + 1))) != (tick_ >> (kBits * (level + 1))))
    ++level;
  // In the top level the slot's number may wrap around: it is then behind the current slot, and
  // belongs to the next round.
  const uint64_t slot = (tick >> (kBits * level)) & (kSlots - 1);
  deadline.link_before(slots_[level][slot]);
  used_[level] |= uint64_t{1} << slot;
}

void TimerWheel::run_slot(int level, uint64_t slot) {
  const uint64_t bit = uint64_t{1} << slot;
  if (!(used_[level] & bit)) return;
  used_[level] &= ~bit;
  Link due;
  due.take_all(slots_[level][slot]);
  while (due.linked()) {
    auto& deadline = static_cast<Deadline&>(*due.next());
    deadline.unlink();
    if (deadline.due_ms_ == Deadline::kNever) continue;
    if (deadline.due_ms_ > tick_ * kTickMs) {
      queue(deadline);
      continue;
    }
    deadline.due_ms_ = Deadline::kNever;
    try {
      deadline.expired_(deadline);
    } catch (...) {
      (void)
          error_of_current_exception();  // Out of memory: the other deadlines still get their turn.
    }
  }
}

void TimerWheel::advance(uint64_t now_ms) {
  const uint64_t target = now_ms / kTickMs;
  while (tick_ < target) {
    // Skip ticks in which nothing happens: up to the next slot in use, or the next round of this
    // level.
    const uint64_t at = (tick_ + 1) & (kSlots - 1);
    const uint64_t ahead = at == 0 ? 0 : used_[0] >> at;
    uint64_t step = at == 0 ? 1
                    : ahead ? static_cast<uint64_t>(std::countr_zero(ahead)) + 1
                            : kSlots - at + 1;
    step = std::min(step, target - tick_);
    tick_ += step;
    if ((tick_ & (kSlots - 1)) == 0) {
      for (int level = 1; level < kLevels; ++level) {
        const uint64_t index = tick_ >> (kBits * level);
        run_slot(level, index & (kSlots - 1));
        if ((index & (kSlots - 1)) != 0) break;
      }
    }
    run_slot(0, tick_ & (kSlots - 1));
  }
}

uint64_t TimerWheel::next_ms() const {
  uint64_t next = Deadline::kNever;
  for (int level = 0; level < kLevels; ++level) {
    if (used_[level] == 0) continue;
    const uint64_t index = tick_ >> (kBits * level);
    const auto rotated = std::rotr(used_[level], static_cast<int>((index + 1) & (kSlots - 1)));
    const uint64_t slot = index + 1 + static_cast<uint64_t>(std::countr_zero(rotated));
    next = std::min(next, (slot << (kBits * level)) * kTickMs);
  }
  return next;
}

}  // namespace weir::async
