// Requests, responses, and the stages between them: the proxy is a function Request -> Response.
#pragma once
#include <memory>
#include <vector>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/error.h"
#include "base/ref.h"
#include "http/body.h"
#include "http/decision.h"
#include "http/exchange.h"
#include "http/head.h"
#include "http/session.h"

namespace weir::http {

enum class Upgrade : uint8_t { none, websocket };

/// A request carries all that it is decided by. Reading the body is what sends 100 (Continue); a
/// response may come, and end, while it is still being pulled: the upload is a task that the
/// exchange with the origin owns.
struct Request {
  base::Ref<RequestHead> head;
  base::Ref<const Session> session;
  base::Ref<Exchange> exchange;
  /// Set by policy.
  base::Ref<const Decision> decision;
  std::unique_ptr<Body> body;
  /// Of the client's connection; outlives the request. Null for a request that has none (a fill).
  Pins* pins = nullptr;
  /// Set by validate, which removes the field.
  Upgrade upgrade = Upgrade::none;
  /// The client waits for 100 (Continue) before it sends content.
  bool expects_continue = false;
  /// The client looks at trailers (RFC 9110, 10.1.4): set by validate, which removes TE; forward
  /// says it to the origin.
  bool te_trailers = false;
};
static_assert(sizeof(Request) <= 64);

/// What becomes of the client's bytes after a 2xx to CONNECT or a 101. Run after the request's
/// frames are gone; the connection ends with it.
class Tunnel : public base::Pooled {
 public:
  virtual ~Tunnel() = default;
  /// The origin's side, where there is one: watched before it is decided what the tunnel carries.
  virtual async::ByteStream* origin() { return nullptr; }
  /// There is no origin, and never will be: a session inside gets Weir's own pages alone.
  virtual bool own() const { return false; }
  /// Asked first, once: looks at what comes before it is decided who carries it. `client_bytes`
  /// were read from the client and not yet sent on; what it reads is added. Null: there is nothing
  /// to look at.
  virtual async::Task<base::Result<void>> look(async::ByteStream& client,
                                               base::Slice& client_bytes) {
    (void)client, (void)client_bytes;
    return {};
  }
  /// Who carries it on in this one's place, as the look has shown. Null: this one.
  virtual std::unique_ptr<Tunnel> carrier() { return nullptr; }
  /// Carries bytes both ways until both sides have ended.
  virtual async::Task<base::Result<void>> run(async::ByteStream& client,
                                              base::Slice client_bytes) = 0;
  /// The connection to the origin, as the first pin of a session inside. The tunnel is of no use
  /// after it, until it gets it back.
  virtual std::unique_ptr<PinnedConnection> into_pin() { return nullptr; }
  virtual void take_back(std::unique_ptr<PinnedConnection> connection) { (void)connection; }
};

/// A head, and at most one of the three. The body owns the exchange with the origin that it is read
/// from.
struct Response {
  base::Ref<ResponseHead> head;
  std::unique_ptr<Body> body;
  std::unique_ptr<Tunnel> tunnel;
  /// Another target: it enters again above policy, which has to see it.
  std::unique_ptr<Request> restart;
};
static_assert(sizeof(Response) <= 64);

class Next;

/// One step in the life of a request. It may answer by itself, change the request, or change the
/// response. It holds no state: it goes with its configuration, and what outlives a reload belongs
/// to the worker. A stage that needs nothing from the way back is no coroutine: it costs no frame.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual async::Task<base::Result<Response>> handle(Request request, Next next) const = 0;
};

/// The stages of a configuration, outermost first; the last one calls no next. Immutable, of one
/// worker; exchanges keep it.
class Pipeline final : public base::Counted<Pipeline> {
 public:
  explicit Pipeline(std::vector<std::unique_ptr<const Stage>> stages)
      : stages_(std::move(stages)) {}
  inline Next first() const;

 private:
  std::vector<std::unique_ptr<const Stage>> stages_;
};

/// The rest of the pipeline, as a function. Good for as long as the exchange is, which keeps the
/// pipeline.
class Next {
 public:
  explicit Next(const std::unique_ptr<const Stage>* stage) : stage_(stage) {}
  async::Task<base::Result<Response>> operator()(Request request) const {
    return (*stage_)->handle(std::move(request), Next(stage_ + 1));
  }

 private:
  const std::unique_ptr<const Stage>* stage_;
};

inline Next Pipeline::first() const {
  return Next(stages_.data());
}

/// For stages that are no coroutines.
async::Task<base::Result<Response>> answer(Response response);
async::Task<base::Result<Response>> fail_with(base::Error error);

/// The time as Date has it (RFC 9110, section 5.6.7). Valid on this thread until it is asked for
/// again.
std::string_view date_now();

/// A page of Weir's own: status, type, text; never stored.
Response text_response(int status, std::string_view content_type, std::string text);

}  // namespace weir::http
