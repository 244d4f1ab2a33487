// One HTTP/1 connection of a client, or one session inside a tunnel: its requests, in order.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "async/byte_stream.h"
#include "async/task.h"
#include "codec/http1/head_parser.h"
#include "http/session.h"
#include "server/http1/client.h"
#include "server/http1/responder.h"
#include "server/http1/way_back.h"
#include "server/live_connections.h"
#include "server/request_work.h"
#include "server/session_context.h"

namespace weir::server {

/// Waits for requests, reads their heads, and keeps what requests share: unread input, limits,
/// pins, the place among the worker's connections. The work on a request is RequestWork's. Used on
/// one worker.
class Connection final : public base::Pooled, private LiveConnection {
 public:
  /// `owned` is `stream`, or null if the caller owns that. For the rest see serve_session().
  Connection(async::ByteStream& stream, std::unique_ptr<async::ByteStream> owned,
             base::Ref<const http::Asker> asker, const SessionContext& context,
             const base::Slice& first, base::Ref<http::PinnedConnection> pin, WayBack* way_back);
  Connection(const Connection&) = delete;
  ~Connection();

  /// `self` owns this object: so a connection that waits for a request costs one coroutine frame.
  async::Task<void> run(std::unique_ptr<Connection> self);

 private:
  enum class After : uint8_t {
    next,    // Another request may come.
    linger,  // The answer is out; the client may still be sending.
    drop,    // Cut: the client has gone, or must not take a part for the whole.
    relay,   // The tunnel around this session relays in its place.
  };
  friend After after_exception(const After*) { return After::drop; }
  struct Outcome {
    After after = After::drop;
    std::unique_ptr<http::Tunnel> tunnel;
    base::Ref<ClientExchange> exchange;
    friend Outcome after_exception(const Outcome*) { return {}; }
  };
  /// What a wait for the next request has found.
  enum class Came : uint8_t { bytes, nothing, end };

  // connection.cc: between requests.

  uint64_t request_deadline_ms() const;
  void use_current_config() {
    if (client_.config.get() != context_.config.get()) client_.config = context_.config;
  }
  /// The next request's first bytes go into the input. `ready` is what the wait returned.
  Came look_for_request(ssize_t ready);
  /// True if the next request has begun to come. Asks the kernel.
  bool more_is_there();
  async::Task<void> linger();
  /// Gives the CONNECT's connection back to the tunnel, if there is a way.
  void go_back();
  /// A pinned connection died, so the client's login on it, or its tunnel's other end, is gone. The
  /// client's connection has to end too: at once if it is idle.
  void pin_lost();

  void close_resting() override { client_.stream.readiness().interrupt(); }
  std::pair<Drip::Side, uint64_t> content() const override;
  void cut_dripping() override;

  // connection_request.cc: one request.

  /// Reads one request and answers it; a tunnel is returned for the caller to carry.
  async::Task<Outcome> exchange();
  /// Reads until the head is complete. Returns what is wrong with it, if anything.
  async::Task<std::optional<base::Error>> read_head(http1::RequestParser& parser);
  /// Inside a tunnel that may go back: true if the site has to see what came as it came.
  bool is_for_relay(const http1::RequestParser& parser,
                    const std::optional<base::Error>& fault) const;
  /// Makes the exchange. Its time counts from the request's first byte, not from the end of its
  /// head.
  base::Ref<ClientExchange> begin(uint64_t started_ms, base::Ref<http::RequestHead> head);
  /// The request with its content; the connection now expects that content.
  http::Request make_request(http1::RequestParser& parser, std::optional<base::Error> fault,
                             ClientExchange& exchange);
  Persistence persistence_of(const http1::RequestParser& parser, const http::RequestHead& head);
  /// The exchange has ended; if the tunnel now relays, interim responses that wait go out first.
  bool relays_after(const RequestWork::Ended& ended);
  async::Task<After> before_relay(base::Ref<ClientExchange> exchange);

  /// Null where there is none.
  WayBack* way_back() const { return static_cast<WayBack*>(pins_.way_back); }
  /// Inside a tunnel: the key of the connection that the CONNECT opened.
  std::string authority() const;
  const http::Session& session() const { return *asker_->session; }

  const std::unique_ptr<async::ByteStream> owned_;
  const SessionContext& context_;
  const base::Ref<const http::Asker> asker_;
  Client client_;
  http::Pins pins_;
  bool served_any_ = false;
  bool idle_ = false;  // It waits for a request.
  uint64_t waiting_since_ms_ = 0;
  http::Exchange* exchange_ = nullptr;  // The running one, or null.
};

}  // namespace weir::server
