// A connection to an origin, whatever protocol it speaks.
#pragma once
#include <memory>

#include "async/byte_stream.h"
#include "base/ip.h"
#include "http/aliases.h"
#include "http/session.h"
#include "origin/pool/origin_key.h"
#include "origin/pool/origin_slots.h"

namespace weir::origin {

class Lease;
class OriginExchange;
class Pool;
struct ExchangeContext;
struct PooledConnections;

/// Held by the leases of the exchanges that it carries, by the pool while another exchange may
/// begin on it, or by a client connection's pins. Used on one worker's thread.
class OriginConnection : public http::PinnedConnection, private async::Link {
 public:
  OriginConnection(std::unique_ptr<async::ByteStream> stream, OriginKey key, base::Endpoint peer,
                   base::AddressSource source)
      : stream(std::move(stream)), key(std::move(key)), peer(peer), source(source) {}

  /// Whether another exchange may begin on it: the peer has not closed, and nothing has arrived
  /// that no exchange waits for.
  virtual bool quiet() = 0;
  /// How many exchanges it can carry at once. May change while it is open.
  virtual size_t capacity() const { return 1; }
  /// An exchange that ends badly harms no other one on it: the connection carries several.
  virtual bool shared() const { return false; }
  /// Called when an exchange has ended well, and the connection is about to be offered to others.
  virtual void rest() {}
  /// Begins an exchange, which keeps the lease. The request is sent by OriginExchange::ask.
  virtual std::unique_ptr<OriginExchange> exchange(Lease&& lease, ExchangeContext&& context) = 0;
  /// Closes it; no exchange runs on it.
  virtual void close() { stream = nullptr; }
  /// Bytes that were read from the stream and not used: for a tunnel that takes the stream over.
  virtual base::Slice take_unread() { return {}; }

  /// Counts this connection among those to the origin; a tunnel needs none. Declared before the
  /// stream, so that it is released after the stream is closed.
  OriginSlots::Slot slot;
  /// Null once a tunnel has taken it over.
  std::unique_ptr<async::ByteStream> stream;
  const OriginKey key;
  const base::Endpoint peer;
  const base::AddressSource source;
  /// The names that led to the address; null: none.
  base::Ref<const http::Aliases> aliases;
  /// It has carried an exchange before.
  bool reused = false;
  /// net::Resolver::generation when the address was looked up: once names have changed, the
  /// connection is not reused.
  uint64_t names_generation = 0;
  /// http::Decision::id of the last decision that allowed this peer; 0: none has.
  uint64_t allowed_by = 0;

 private:
  friend class Pool;
  /// While no exchange runs on it, bytes or an end have arrived; or it has told that it can carry
  /// no more exchanges.
  void spoilt();
  struct AgeLink : Link {
    explicit AgeLink(OriginConnection& connection) : connection(connection) {}
    OriginConnection& connection;
  };
  AgeLink age_{*this};
  uint64_t idle_since_ms_ = 0;
  size_t leases_ = 0;
  Pool* pool_ = nullptr;                // Set while the pool lists it.
  PooledConnections* among_ = nullptr;  // Owned by the pool.
};

}  // namespace weir::origin
