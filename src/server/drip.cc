#include "server/drip.h"

namespace weir::server {

void Drip::look(Side side, uint64_t bytes, uint64_t now_ms, uint64_t lowest) {
  if (side != side_ || side == Side::none || bytes < bytes_) {
    *this = Drip();
    side_ = side;
    since_ms_ = now_ms;
    bytes_ = bytes;
    return;
  }
  const uint64_t ms = now_ms - since_ms_;
  if (ms < kPeriodMs || bytes == bytes_) return;
  rate_ = (bytes - bytes_) * 1000 / ms;
  drops_ = rate_ < (side == Side::live ? lowest / kLiveShare : lowest) ? drops_ + 1 : 0;
  since_ms_ = now_ms;
  bytes_ = bytes;
}

}  // namespace weir::server
