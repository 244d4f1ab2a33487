// Policy's decision on a request, checked again wherever more is known.
#pragma once
#include "base/error.h"
#include "base/ip.h"
#include "base/memory.h"
#include "base/ref.h"

namespace weir::http {

/// What policy decided about a request. Immutable. It is checked again with each address before
/// Weir connects to it, and with the peer's address each time a pooled connection is taken; later
/// checks can only refuse more.
class Decision : public base::Counted<Decision>, public base::Pooled {
 public:
  virtual ~Decision() = default;
  /// Decisions with the same number, if it is not 0, give the same answer for the same host,
  /// address and port.
  virtual uint64_t rules_id() const { return 0; }
  virtual base::Result<void> check(base::AddressSource source, const base::IpAddress& address,
                                   uint16_t port) const = 0;
};

}  // namespace weir::http
