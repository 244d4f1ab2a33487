// The record of one request and its response.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/signal.h"
#include "async/task.h"
#include "base/account.h"
#include "base/error.h"
#include "base/kept_text.h"
#include "base/ref.h"
#include "http/head.h"
#include "http/session.h"

namespace weir::http {

class Exchange;
class Pipeline;

/// Of an exchange, while the request is with an origin.
class RequestSender {
 public:
  /// Sends the end of the client's side on, behind the request. False: not all of that has gone
  /// out.
  virtual bool end_request() = 0;

 protected:
  ~RequestSender() = default;
};

/// Gets each exchange's record when that closes: access log, metrics. Outlives the exchanges. Of
/// one worker.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void record(const Exchange& exchange) = 0;
  /// Heads the list of the exchanges that live, in the order in which they began: for drain,
  /// status, and policy that has changed.
  async::Link live;
};

/// Facts about one request and its response. Stages add to it; none decides by it. It keeps the
/// pipeline that it began with alive. Its destructor gives the record to the journal, so that each
/// exchange has one line, whatever ended it. Of one worker.
class Exchange : public base::Counted<Exchange>, public base::Pooled, public async::Link {
 public:
  Exchange(Journal& journal, base::Ref<const Pipeline> pipeline, base::Ref<const Session> session);
  virtual ~Exchange();

  /// Passes on an interim response (1xx) towards whoever waits for the final one. Never waits: what
  /// a slow client does not take goes out with the next write.
  virtual base::Result<void> interim(const ResponseHead& head) = 0;

  /// Inside a tunnel: passes bytes on that are no HTTP, before the tunnel relays. Never waits.
  /// False: too many of them wait already.
  virtual bool pass(std::string_view bytes) {
    (void)bytes;
    return false;
  }

  /// Whoever sends the request on to an origin. Not owned; sets itself and takes itself away.
  RequestSender* sender = nullptr;
  /// The client's side has ended behind its request: the origin is told. False: there is none that
  /// has the whole request.
  bool end_request() { return sender && sender->end_request(); }

  /// Ends what runs, from outside; `reason` is static text, which the log says. Nothing of the
  /// exchange is destroyed in the call.
  virtual void cancel(const char* reason) { (void)reason; }

  /// Frees the request's head; keeps what the log needs of it. For exchanges that last: tunnels.
  void settle();
  /// What the log says of the request: from the head, or kept by settle().
  std::string_view request_line() const { return kept(0); }
  std::string_view referer() const;
  std::string_view user_agent() const;
  bool settled() const { return settled_; }

  void set_ended(const char* ended) { ended_ = ended; }
  /// What ended it, unless an error did: `complete`, `client_closed`, `drained`. Static text.
  const char* ended() const { return ended_; }
  /// The first error stays: what comes after it follows from it.
  void set_error(const base::Error& error) {
    if (!error_) error_ = error;
  }
  bool has_error() const { return error_.has_value(); }
  base::ErrorType error_type() const {
    return error_ ? error_->type() : base::ErrorType::client_closed;
  }
  /// The rule or the limit that refused; empty where it was none.
  std::string_view rule() const { return error_ ? error_->rule() : std::string_view(); }

  const base::Ref<const Pipeline> pipeline;
  const base::Ref<const Session> session;
  /// The request's head, as long as it is needed; empty before there is one.
  base::Ref<RequestHead> request;
  int64_t started_wall_ms = 0;
  uint64_t started_ms = 0;
  /// Of the final response that went out; 0 if none did.
  int status = 0;
  /// Bytes written to the client for this exchange, heads, framing and a tunnel's content included.
  uint64_t sent = 0;
  /// Content that the client sent.
  uint64_t received = 0;
  /// The origin's address, if a connection was used.
  base::Endpoint peer;
  /// What led there; with the host that was asked for, what policy is asked of when it has changed.
  base::AddressSource peer_source = base::AddressSource::literal;
  std::string_view host() const {
    return settled_ ? kept(3) : request ? request->target.host : std::string_view();
  }
  bool reused_connection = false;
  /// What the origin's response had wrong and was mended (docs/design/strictness.md), a static
  /// word; null if nothing.
  const char* mended = nullptr;
  /// Who asks: set once, by auth. No spaces and no controls; empty where nobody was asked.
  base::KeptText identity;
  /// The server name of a TLS ClientHello seen in a tunnel.
  base::KeptText sni;

 private:
  Journal& journal_;
  const char* ended_ = "client_closed";
  std::optional<base::Error> error_;
  bool settled_ = false;
  bool promised_ = false;
  /// A block's worth of memory is promised to what runs, which will hold content; a tunnel is
  /// promised nothing.
  void promise(bool more);
  /// Of a settled exchange: request line, Referer, User-Agent and host behind one another, and
  /// where each ends.
  std::string_view kept(size_t which) const {
    const uint32_t begin = which == 0 ? 0 : kept_ends_[which - 1];
    return kept_.view().substr(begin, kept_ends_[which] - begin);
  }
  base::KeptText kept_;
  std::array<uint32_t, 4> kept_ends_{};
};

}  // namespace weir::http
