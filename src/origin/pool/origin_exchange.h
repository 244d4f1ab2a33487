// One request to an origin and its response, whatever protocol carries them.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

#include "async/task.h"
#include "base/error.h"
#include "http/outgoing_head.h"
#include "http/stage.h"
#include "origin/config.h"
#include "origin/pool/lease.h"

namespace weir::origin {

/// What an exchange needs besides its lease. The record keeps the configuration alive.
struct ExchangeContext {
  base::Ref<http::Exchange> record;
  const OriginConfig& config;
  /// With Expect: 100-continue, how long the origin may take to ask for the content.
  uint64_t expect_wait_ms;
};

/// A request as it is sent.
struct Asking {
  const http::OutgoingHead& head;
  /// The request's content; may be null. Taken over once any of it may have been read.
  std::unique_ptr<http::Body>& body;
  bool expects_continue;
  http::Upgrade upgrade;
};

/// Content that is there at once (null: the response has none), or that `later` brings.
struct Content {
  base::Result<std::unique_ptr<http::Body>> now;
  async::Task<base::Result<std::unique_ptr<http::Body>>> later = {};
};

/// Owned by the response's body or tunnel. An exchange that is destroyed before the response was
/// read whole gives its lease up; before the request was sent whole, it also makes sure that the
/// origin does not take a part of the request for the whole.
class OriginExchange : public base::Pooled {
 public:
  virtual ~OriginExchange() = default;

  /// Sends the request's head (and the content that is ready), starts to send the rest beside the
  /// response, and reads the head of the final response. Once.
  virtual async::Task<base::Result<base::Ref<http::ResponseHead>>> ask(Asking asking) = 0;
  /// After ask() has failed: nothing of a response had arrived, and it was not this side that gave
  /// up.
  virtual bool died_unanswered() const = 0;
  /// After ask() has read a head: there is content, if only an empty one.
  virtual bool has_content() const = 0;
  /// The content is empty, and has ended already.
  virtual bool content_is_empty() const = 0;
  /// The response's content, which owns `self` (this exchange) from now on.
  virtual Content content(std::unique_ptr<OriginExchange> self) = 0;
  /// The response has no content: the exchange is over.
  virtual void finish() = 0;
  /// After 101: the bytes of the protocol that was agreed on. Owns what it needs of `self`.
  virtual std::unique_ptr<http::Tunnel> tunnel(std::unique_ptr<OriginExchange> self,
                                               uint64_t idle_timeout_ms) = 0;

  /// True if content was taken from the request, so that it can't be sent again.
  bool content_taken() const { return content_taken_; }
  Lease& lease() { return lease_; }
  /// No exchange may follow on the connection.
  void close_afterwards() { keep_alive_ = false; }
  bool keeps_alive() const { return keep_alive_; }

 protected:
  explicit OriginExchange(Lease&& lease) : lease_(std::move(lease)) {}

  Lease lease_;
  bool content_taken_ = false;
  bool keep_alive_ = false;
};

}  // namespace weir::origin
