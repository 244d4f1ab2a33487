// The right to carry out one exchange on a connection to an origin.
#pragma once
#include <utility>

#include "origin/pool/origin_connection.h"

namespace weir::origin {

/// With HTTP/1 a lease is the whole connection; where a connection carries several exchanges at
/// once, it is a place for one of them. Owned by the exchange. A lease that is destroyed before
/// done() takes the place back for good: with HTTP/1, the connection is closed.
class Lease {
 public:
  Lease() = default;
  Lease(Pool& pool, base::Ref<OriginConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}
  Lease(Lease&& other) noexcept
      : pool_(other.pool_),
        connection_(std::move(other.connection_)),
        pins_(std::exchange(other.pins_, nullptr)),
        pin_(std::move(other.pin_)) {}
  Lease& operator=(Lease&& other) noexcept {
    if (connection_) drop();
    pool_ = other.pool_;
    connection_ = std::move(other.connection_);
    pins_ = std::exchange(other.pins_, nullptr);
    pin_ = std::move(other.pin_);
    return *this;
  }
  ~Lease() {
    if (connection_) drop();
  }

  explicit operator bool() const { return static_cast<bool>(connection_); }
  OriginConnection& operator*() const { return *connection_; }
  OriginConnection* operator->() const { return connection_.get(); }

  /// From now on the connection belongs to the client connection with these pins, which outlive the
  /// lease, instead of the pool: as the pin for `authority`. That may differ from the connection's
  /// own, where a CONNECT named an address and the requests inside name a host.
  void pin(http::Pins& pins, std::string_view authority) {
    pins_ = &pins;
    pin_ = authority;
  }
  /// Null if the connection belongs to the pool.
  http::Pins* pins() const { return pins_; }

  /// The exchange has ended, and another may begin on the connection: it goes back to the pool, or
  /// to the pins.
  void done();
  /// The exchange has ended, and nothing more may follow it.
  void drop() noexcept;
  /// Gives the whole connection away, to a tunnel. The pool and the pins forget it.
  base::Ref<OriginConnection> take();
  /// Takes over the slot of a connection that died, for the one that replaces it.
  OriginSlots::Slot take_slot() {
    return connection_ ? std::move(connection_->slot) : OriginSlots::Slot();
  }

 private:
  Pool* pool_ = nullptr;
  base::Ref<OriginConnection> connection_;
  http::Pins* pins_ = nullptr;
  base::KeptText pin_;
};

}  // namespace weir::origin
