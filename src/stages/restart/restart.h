// A request whose target Weir has changed enters again here. Policy, below, sees every target;
// checks of the client's own input (framing, Host, login) are not repeated.
#pragma once
#include "http/stage.h"

namespace weir::restart {

class Restart final : public http::Stage {
 public:
  static constexpr int kMostRestarts = 4;
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;
};

}  // namespace weir::restart
