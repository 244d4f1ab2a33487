// Whether the content of an exchange moves only by drops at its client's side.
// docs/design/account.md says what is an attack and what is not.
#pragma once
#include <cstdint>

namespace weir::server {

/// One per connection; updated now and then while memory or connections come near their limit. A
/// drop is a period in which some bytes moved, but at less than the lowest rate, counted with the
/// silence before it. Silence alone is no drop: a paused video takes nothing, and timeouts end
/// that. Time in which we do not wait for the client does not count either: then the origin is the
/// slow side.
class Drip {
 public:
  enum class Side : uint8_t {
    none,     // We do not wait for the client.
    taking,   // The client is to take what we hold for it.
    sending,  // The client is to send content of a known length.
    live,  // The same without a length: content made as it is sent, such as a microphone's, may be
           // kLiveShare times slower.
  };
  static constexpr uint64_t kPeriodMs = 4000;
  static constexpr int kDrops = 3;
  static constexpr uint64_t kLiveShare = 16;

  /// `bytes`: moved so far in this exchange, on this side. `lowest` is in bytes a second.
  void look(Side side, uint64_t bytes, uint64_t now_ms, uint64_t lowest);
  /// There were kDrops drops in a row, on `side()`.
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
