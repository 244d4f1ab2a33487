// The innermost stage: the only one that talks to the next hop.
#pragma once
#include <string>

#include "http/stage.h"
#include "origin/acquire.h"
#include "origin/edit_heads.h"
#include "origin/pool/origin_exchange.h"

namespace weir::origin {

/// What forwarding needs from its worker, and from the configuration of the pipeline that it is in;
/// both outlive the pipeline's exchanges.
struct ForwardContext {
  AcquireContext acquire;
  uint64_t expect_wait_ms;
  uint64_t tunnel_idle_ms;
  /// Our name in Via (RFC 9110, 7.6.3), without the version.
  std::string via;
};

class Forward final : public http::Stage {
 public:
  explicit Forward(ForwardContext context)
      : acquire_(context.acquire),
        config_(context.acquire.config),
        expect_wait_ms_(context.expect_wait_ms),
        tunnel_idle_ms_(context.tunnel_idle_ms),
        via_(context.via) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  async::Task<base::Result<http::Response>> forward(http::Request& request) const;
  async::Task<base::Result<http::Response>> open_tunnel(http::Request& request) const;
  /// Notes where a tunnel leads to, and asks the rules about the names on the way.
  static base::Result<void> lead_to(const http::Request& request,
                                    const OriginConnection& connection);
  std::unique_ptr<OriginExchange> begin(const http::Request& request, Lease&& lease) const;
  /// Decides whose the connection is from here on, and whether it can be kept.
  static void note_login(const http::Request& request, OriginExchange& origin,
                         http::ResponseHead& head, std::string_view authority);

  const Acquire acquire_;
  const OriginConfig& config_;
  const uint64_t expect_wait_ms_;
  const uint64_t tunnel_idle_ms_;
  const ViaName via_;
};

}  // namespace weir::origin
