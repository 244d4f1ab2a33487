// A compact text for numerous, long-lived objects, in most of which it is empty.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/memory.h"

namespace weir::base {

/// Takes the space of one pointer; the bytes come from this thread's free lists, and are counted
/// there. Can only be set as a whole. Holds at most 4 GiB, far more than Weir puts in.
class KeptText {
 public:
  KeptText() = default;
  KeptText(std::string_view text) {
    if (text.empty()) return;
    held_ = new (take_memory(sizeof(Held) + text.size())) Held{static_cast<uint32_t>(text.size())};
    std::memcpy(held_ + 1, text.data(), text.size());
  }
  KeptText(const std::string& text) : KeptText(std::string_view(text)) {}
  KeptText(const char* text) : KeptText(std::string_view(text)) {}
  KeptText(const KeptText& other) : KeptText(other.view()) {}
  KeptText(KeptText&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  KeptText& operator=(KeptText other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~KeptText() {
    if (held_) give_back_memory(held_, sizeof(Held) + held_->size);
  }

  std::string_view view() const {
    return held_ ? std::string_view(reinterpret_cast<const char*>(held_ + 1), held_->size)
                 : std::string_view();
  }
  std::string text() const { return std::string(view()); }
  operator std::string_view() const { return view(); }
  bool empty() const { return !held_; }
  size_t size() const { return view().size(); }
  friend bool operator==(const KeptText& a, std::string_view b) { return a.view() == b; }

 private:
  struct Held {
    uint32_t size;
  };
  Held* held_ = nullptr;
};

}  // namespace weir::base
