// Policy's word on a request, asked again wherever more is known.
#pragma once
#include "base/error.h"
#include "base/ip.h"
#include "base/memory.h"
#include "base/ref.h"

namespace weir::http {

/// What policy decided of a request. Immutable. Asked again at each address before it is connected
/// to, and at the peer's address each time a pooled connection is taken; later answers only narrow.
class Decision : public base::Counted<Decision>, public base::Pooled {
 public:
  virtual ~Decision() = default;
  /// Decisions with the same number, if it is not 0, say the same of the same host, address and
  /// port.
  virtual uint64_t rules_id() const { return 0; }
  virtual base::Result<void> check(base::AddressSource source, const base::IpAddress& address,
                                   uint16_t port) const = 0;
};

}  // namespace weir::http
