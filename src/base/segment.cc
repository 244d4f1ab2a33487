#include "base/segment.h"

namespace weir::base {
namespace {

std::atomic<int64_t> alive{0};

int64_t size_with(uint32_t capacity) {
  return static_cast<int64_t>(sizeof(Segment)) + capacity;
}

}  // namespace

Ref<Segment> Segment::make(uint32_t capacity) {
  void* const memory = ::operator new(static_cast<size_t>(size_with(capacity)));
  alive.fetch_add(size_with(capacity), std::memory_order_relaxed);
  return Ref<Segment>(new (memory) Segment(capacity));
}

void Segment::free() noexcept {
  alive.fetch_sub(size_with(capacity_), std::memory_order_relaxed);
  this->~Segment();
  ::operator delete(this);
}

int64_t Segment::held() noexcept {
  return alive.load(std::memory_order_relaxed);
}

}  // namespace weir::base
