// Another target enters again here: policy, below, sees every target, and what held for the
// client's own words (framing, Host, login) is not asked of ours.
#pragma once
#include "http/stage.h"

namespace weir::restart {

class Restart final : public http::Stage {
 public:
  static constexpr int kMostRestarts = 4;
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;
};

}  // namespace weir::restart
