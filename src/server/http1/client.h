// The client's side of a connection: what its requests, their content and the responses share.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>

#include "async/byte_stream.h"
#include "async/input.h"
#include "async/signal.h"
#include "server/client_exchange.h"
#include "server/config.h"

namespace weir::server {

/// How far the content of the current request has been read.
struct ContentState {
  bool expected = false;  // The request has content.
  bool complete = true;   // All of it was read.
  bool begun = false;     // A byte of it came.
  bool expects_continue = false;
  bool continue_sent = false;
  bool length_known = false;
};

/// A client connection or a session inside a tunnel. Owned by the coroutine that serves it; used on
/// one worker.
struct Client {
  Client(async::ByteStream& stream, ConfigRef config) : stream(stream), config(std::move(config)) {}

  async::ByteStream& stream;
  /// Of the running request; between two, of the wait for the next.
  ConfigRef config;
  async::Input input;
  /// Ends the running exchange: the client has gone, or other code fires it with a reason.
  async::Interrupt interrupt;
  ContentState content;
  /// The final response's head has begun to go out.
  bool answered = false;
  /// Interim responses that the socket did not take yet; they are sent before the next head.
  base::ChargedText pending;
  /// The client was found to send its content by drops (see Drip), while resources run short.
  bool drips = false;

  /// Sends as much of an interim response as the socket takes now; the rest goes into `pending`.
  base::Result<void> send_interim(std::string_view bytes, uint64_t& sent);
  /// Inside a tunnel that will relay: the same for bytes of the origin that are not HTTP. False if
  /// too many wait.
  bool pass(std::string_view bytes, uint64_t& sent);
};

/// The record of a request that came on an HTTP/1 connection.
class Http1ClientExchange final : public ClientExchange {
 public:
  Http1ClientExchange(const SessionContext& context, base::Ref<const http::Asker> asker,
                      Client& client, uint64_t started_ms)
      : ClientExchange(context, std::move(asker), client.interrupt, started_ms), client_(client) {}
  bool pass(std::string_view bytes) override { return client_.pass(bytes, sent); }

 private:
  Client& client_;
};

}  // namespace weir::server
