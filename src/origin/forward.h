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

/// What forwarding needs from its worker and its configuration; both outlive the stage's exchanges.
struct ForwardContext {
  Pool& pool;
  Connector& connector;
  const OriginConfig& config;
  uint64_t expect_wait_ms;
  uint64_t tunnel_idle_ms;
  /// Our name in Via (RFC 9110, 7.6.3), without the version.
  std::string via;
  /// The limit of connections for forwarded requests per origin, and the queue of requests that
  /// wait for one. Null: no limit.
  OriginSlots* slots = nullptr;
  OriginQueue* queue = nullptr;
  /// Asks the other workers to close one of their idle connections to that authority.
  std::function<void(const std::string&)> ask_others = {};
  /// Closes something idle if descriptors have run out. True if one is free now.
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
  /// Opens a connection. If descriptors have run out, waits in order of arrival, at most
  /// connect_timeout_ms.
  async::Task<base::Result<std::unique_ptr<OriginConnection>>> connect(
      const http::Request& request) const;
  /// A connection from the pool, or a new one if the origin may have another; waits until one of
  /// them is possible.
  async::Task<base::Result<std::unique_ptr<OriginConnection>>> acquire(const http::Request& request,
                                                                       std::string_view key,
                                                                       uint64_t max_idle_ms) const;
  async::Task<base::Result<std::unique_ptr<OriginConnection>>> connect_in(
      const http::Request& request, OriginSlots::Slot slot) const;
  void prepare(http::Request& request) const;

  /// Adds our Via to a message that arrived as HTTP/1.`minor_version`. The text outlives the head:
  /// exchanges keep their stages alive.
  void add_via(http::Fields& fields, uint8_t minor_version) const;

  const ForwardContext context_;
  const std::string via_[2];
};

}  // namespace weir::origin
