// Whether the content of an exchange moves only by drops at its client's side.
// docs/design/account.md says what is an attack and what is not.
#pragma once
#include <cstdint>

namespace weir::server {

/// Of one connection; looked at now and then, while memory or connections come near their limit. A
/// drop is a period in which something came, but less than the lowest rate, counted with the
/// silence before it. Silence itself is no drop: a paused video takes nothing, and time limits end
/// that. Nor is any time in which the client does not keep us waiting: then the origin is what is
/// slow.
class Drip {
 public:
  enum class Side : uint8_t {
    none,     // We do not wait for the client.
    taking,   // It is to take what we hold for it.
    sending,  // It is to send content of a length that it has told.
    live,  // The same without a length: what is made as it is sent, a microphone, may be slower by
           // kLiveShare.
  };
  static constexpr uint64_t kPeriodMs = 4000;
  static constexpr int kDrops = 3;
  static constexpr uint64_t kLiveShare = 16;

  /// `bytes`: of this exchange and side, so far. `lowest` is in bytes a second.
  void look(Side side, uint64_t bytes, uint64_t now_ms, uint64_t lowest);
  /// So many drops in a row, on `side()`.
  bool found() const { return drops_ >= kDrops; }
  Side side() const { return side_; }
  /// Bytes a second in the last period.
  uint64_t rate() const { return rate_; }

 private:
  uint64_t since_ms_ = 0;
  uint64_t bytes_ = 0;
  uint64_t rate_ = 0;
  int drops_ = 0;
  Side side_ = Side::none;
};

}  // namespace weir::server
