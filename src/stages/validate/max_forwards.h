// Max-Forwards: 0 makes us the final recipient of TRACE and OPTIONS (RFC 9110, 7.6.2, 9.3.7
// and 9.3.8).
#pragma once
#include "http/stage.h"

namespace weir::validate {

/// Counts Max-Forwards down, or answers the request. Stands below auth, so that nobody is answered
/// without a login, and above any stage that may send a request on twice.
class MaxForwards final : public http::Stage {
 public:
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;
};

}  // namespace weir::validate
