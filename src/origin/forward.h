// The innermost stage: the only one that talks to the next hop.
#pragma once
#include <functional>
#include <string>

#include "http/stage.h"
#include "origin/config.h"
#include "origin/connect/connector.h"
#include "origin/pool/origin_connection.h"
#include "origin/pool/origin_queue.h"

namespace weir::origin {

/// What forwarding needs of its worker and its configuration; both outlive the stage's exchanges.
struct ForwardContext {
  Pool& pool;
  Connector& connector;
  const OriginConfig& config;
  uint64_t expect_wait_ms;
  uint64_t tunnel_idle_ms;
  /// Our name in Via (RFC 9110, 7.6.3), without the version.
  std::string via;
  /// How many connections for forwarded requests an origin may have, and who waits for one. Null:
  /// no limit.
  OriginSlots* slots = nullptr;
  OriginQueue* queue = nullptr;
  /// Asks the other workers to close one of their idle connections to that authority.
  std::function<void(const std::string&)> ask_others = {};
  /// Descriptors have run out: closes something idle. True: one is free now.
  std::function<bool()> make_room = {};
};

class Forward final : public http::Stage {
 public:
  explicit Forward(ForwardContext context)
      : context_(std::move(context)), via_{"1.0 " + context_.via, "1.1 " + context_.via} {}
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;

 private:
  async::Task<base::Result<http::Response>> forward(http::Request request) const;
  async::Task<base::Result<http::Response>> open_tunnel(http::Request request) const;
  /// Waits where descriptors have run out, in order and as long as a connection may take.
  async::Task<base::Result<std::unique_ptr<OriginConnection>>> connect(
      const http::Request& request) const;
  /// From the pool, or new where the origin may have another, or after a wait.
  async::Task<base::Result<std::unique_ptr<OriginConnection>>> acquire(const http::Request& request,
                                                                       std::string_view key,
                                                                       uint64_t max_idle_ms) const;
  async::Task<base::Result<std::unique_ptr<OriginConnection>>> connect_in(
      const http::Request& request, OriginSlots::Slot slot) const;
  void prepare(http::Request& request) const;

  /// Adds our Via for a message that came as HTTP/1.`minor_version`. The text outlives the head:
  /// exchanges keep their stages.
  void add_via(http::Fields& fields, uint8_t minor_version) const;

  const ForwardContext context_;
  const std::string via_[2];
};

}  // namespace weir::origin
