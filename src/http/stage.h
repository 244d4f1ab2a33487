// Requests, responses, and the stages between them: the proxy is a function from Request to
// Response.
#pragma once
#include <memory>
#include <vector>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/error.h"
#include "base/ref.h"
#include "http/asker.h"
#include "http/body.h"
#include "http/decision.h"
#include "http/exchange.h"
#include "http/head.h"
#include "http/secured.h"
#include "http/session.h"

namespace weir::http {

enum class Upgrade : uint8_t { none, websocket };

/// A request carries all that decisions about it need. Reading the body is what sends 100
/// (Continue). A response may begin, and end, while the body is still being read: the upload is a
/// task that the exchange with the origin owns.
struct Request {
  base::Ref<RequestHead> head;
  /// Set anew by auth. Never null.
  base::Ref<const Asker> asker;
  base::Ref<Exchange> exchange;
  /// Set by policy; the exchange keeps it too.
  base::Ref<const Decision> decision;
  std::unique_ptr<Body> body;
  /// The pins of the client's connection; outlive the request. Null for a request without a client
  /// connection (a cache fill).
  Pins* pins = nullptr;
  /// Set by validate, which removes the field.
  Upgrade upgrade = Upgrade::none;
  /// The client waits for 100 (Continue) before it sends content.
  bool expects_continue = false;
  /// The client accepts trailers (RFC 9110, 10.1.4). Set by validate, which removes TE; forward
  /// tells the origin.
  bool te_trailers = false;

  const Session& session() const { return *asker->session; }
};
static_assert(sizeof(Request) <= 64);

/// Carries the client's bytes after a 2xx to CONNECT or a 101. Runs after the request's coroutine
/// frames have been freed; the client's connection ends with it.
class Tunnel : public base::Pooled {
 public:
  virtual ~Tunnel() = default;
  /// The stream to the origin, or null if there is none. It is watched before Weir decides what the
  /// tunnel carries.
  virtual async::ByteStream* origin() { return nullptr; }
  /// There is a connection to an origin, or nothing to connect to. False: connect() has to be
  /// called before the tunnel can relay; a session inside makes its own connections.
  virtual bool connected() const { return true; }
  /// connect() may be what the client waits for: in some protocols the origin speaks first.
  virtual bool connects_for_silence() const { return false; }
  /// Opens a connection to the CONNECT's origin, which a handshake has used up, or which was not
  /// opened yet.
  virtual async::Task<base::Result<void>> connect() {
    co_return base::fail(base::ErrorType::proxy_internal_error, "This tunnel can't be connected.");
  }
  /// Makes a TLS handshake on the connection and verifies the origin by `server_name`, or if that
  /// is empty by the CONNECT's host. The connection becomes one that requests inside find, or is
  /// closed: connected() is false afterwards. `server_name` outlives the task.
  virtual async::Task<Secured> secure(std::string_view server_name) {
    (void)server_name;
    co_return after_exception(static_cast<const Secured*>(nullptr));
  }
  /// There is no origin, and never will be: a session inside gets only Weir's own pages.
  virtual bool own() const { return false; }
  /// Called once, before anything else: looks at the first bytes to decide who carries the tunnel.
  /// `client_bytes` were read from the client and not yet sent on; look() appends what it reads. A
  /// null task: there is nothing to look at.
  virtual async::Task<base::Result<void>> look(async::ByteStream& client,
                                               base::Slice& client_bytes) {
    (void)client, (void)client_bytes;
    return {};
  }
  /// The tunnel that look() found should carry the bytes in place of this one. Null: this one
  /// carries them.
  virtual std::unique_ptr<Tunnel> carrier() { return nullptr; }
  /// Carries bytes both ways until both sides have ended.
  virtual async::Task<base::Result<void>> run(async::ByteStream& client,
                                              base::Slice client_bytes) = 0;
  /// Gives away the connection to the origin, as the first pin of a session inside. After that, the
  /// tunnel can't run until take_back() returns the connection.
  virtual base::Ref<PinnedConnection> into_pin() { return nullptr; }
  virtual void take_back(base::Ref<PinnedConnection> connection) { (void)connection; }
};

/// A head, and at most one of body, tunnel and restart. The body owns the exchange with the origin
/// that it reads from.
struct Response {
  base::Ref<ResponseHead> head;
  std::unique_ptr<Body> body;
  std::unique_ptr<Tunnel> tunnel;
  /// The request goes to another target: with this head, it re-enters the pipeline above policy,
  /// which has to see it. The head is a clone of the request's: the log keeps the client's.
  base::Ref<RequestHead> restart;
};
static_assert(sizeof(Response) <= 64);

class Next;

/// One step in the life of a request. A stage may answer by itself, change the request, or change
/// the response. It holds no state: it is replaced with its configuration, and the worker owns what
/// outlives a reload. A stage that does nothing with the response should not be a coroutine: that
/// saves a frame.
class Stage {
 public:
  virtual ~Stage() = default;
  /// `request` is one object for all stages; it belongs to whoever called the first, and outlives
  /// the task. So a stage that goes on after `next` finds in it what the stages below have changed.
  virtual async::Task<base::Result<Response>> handle(Request& request, Next next) const = 0;
};

/// The stages of a configuration, outermost first; the last one does not call next. Immutable, one
/// per worker. Exchanges keep it alive, and it keeps the configuration that its stages refer to: so
/// an exchange has the configuration that it began with, to its end.
class Pipeline final : public base::Counted<Pipeline> {
 public:
  /// The first `for_clients` stages are for requests of clients alone.
  explicit Pipeline(std::vector<std::unique_ptr<const Stage>> stages,
                    std::shared_ptr<const void> configuration = nullptr, size_t for_clients = 0)
      : configuration_(std::move(configuration)),
        stages_(std::move(stages)),
        for_clients_(for_clients) {}
  /// Where a client's request begins.
  inline Next first() const;
  /// Where a request of Weir's own begins, which has no client.
  inline Next first_without_client() const;

 private:
  const std::shared_ptr<const void> configuration_;  // Declared first: the stages go before it.
  std::vector<std::unique_ptr<const Stage>> stages_;
  const size_t for_clients_;
};

/// The rest of the pipeline, as a function. Valid while the exchange lives, which keeps the
/// pipeline alive.
class Next {
 public:
  explicit Next(const std::unique_ptr<const Stage>* stage) : stage_(stage) {}
  async::Task<base::Result<Response>> operator()(Request& request) const {
    return (*stage_)->handle(request, Next(stage_ + 1));
  }

 private:
  const std::unique_ptr<const Stage>* stage_;
};

inline Next Pipeline::first() const {
  return Next(stages_.data());
}
inline Next Pipeline::first_without_client() const {
  return Next(stages_.data() + for_clients_);
}

/// Ready results, for stages that are not coroutines.
async::Task<base::Result<Response>> answer(Response response);
async::Task<base::Result<Response>> fail_with(base::Error error);

/// The current time in the format of Date (RFC 9110, section 5.6.7). Valid until the next call on
/// this thread.
std::string_view date_now();

/// An answer of Weir's own: status, type, text; marked as not to be stored. HTML may load nothing,
/// but has the styles that are written in it.
Response text_response(int status, std::string_view content_type, std::string text);

}  // namespace weir::http
