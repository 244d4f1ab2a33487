// The record of one request and its response.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/signal.h"
#include "async/task.h"
#include "base/account.h"
#include "base/allowance.h"
#include "base/error.h"
#include "base/kept_text.h"
#include "base/ref.h"
#include "http/aliases.h"
#include "http/asker.h"
#include "http/decision.h"
#include "http/head.h"

namespace weir::http {

class Exchange;
class Pipeline;

/// The side of an exchange that sends the request to an origin; exists while the origin has the
/// request.
class RequestSender {
 public:
  /// The client has ended its side: passes that on to the origin, after the request. False if the
  /// request has not been sent completely.
  virtual bool end_request() = 0;

 protected:
  ~RequestSender() = default;
};

/// Receives each exchange's record when the exchange ends, for the access log and metrics. Outlives
/// the exchanges. One per worker.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void record(const Exchange& exchange) = 0;
  /// How many exchanges run.
  size_t running() const { return running_; }
  /// Head of the list of running exchanges, in the order in which they began. Only the review of
  /// what policy has allowed walks it (proxy/policy_review.h).
  async::Link live;

 private:
  friend class Exchange;
  size_t running_ = 0;
};

/// What few exchanges need to know of themselves. Empty: not known.
struct Particulars : base::Pooled {
  /// What the request is for, as its fields tell (`script`, `document|frame`), and the host of the
  /// page that it came from.
  base::KeptText type, page;
  /// The Content-Type of the final response, without parameters and in lower case, and its told
  /// length.
  base::KeptText answered_type;
  std::optional<uint64_t> answered_length = {};
  /// Of the content of which the response is a part; 0: nothing says so.
  uint64_t whole_length = 0;
  /// The head of the final response has come; how much of its content was handed on, if that is
  /// counted.
  bool answered = false;
  uint64_t counted = 0;
};

/// Facts about one request and its response. Stages add facts to it, but base no decisions on it.
/// It keeps the pipeline that it began with alive. Its destructor gives the record to the journal,
/// so that each exchange gets exactly one log line, however it ended. Used on one worker's thread.
class Exchange : public base::Counted<Exchange>, public base::Pooled, public async::Link {
 public:
  Exchange(Journal& journal, base::Ref<const Pipeline> pipeline, base::Ref<const Asker> asker);
  virtual ~Exchange();

  /// Passes an interim response (1xx) on to the client that waits for the final one. Never waits:
  /// what a slow client does not accept now goes out with the next write.
  virtual base::Result<void> interim(const ResponseHead& head) = 0;

  /// Inside a tunnel: passes bytes that are not HTTP on to the client, before the tunnel relays.
  /// Never waits. False if too many of them are queued already.
  virtual bool pass(std::string_view bytes) {
    (void)bytes;
    return false;
  }

  /// The sender of the request to an origin. Not owned; it sets and clears this pointer itself.
  RequestSender* sender = nullptr;
  /// The client has ended its side after its request: tells the origin. False if no origin has the
  /// whole request.
  bool end_request() { return sender && sender->end_request(); }

  /// Cancels the running exchange from outside. `reason` is static text for the log. Destroys
  /// nothing of the exchange during the call.
  virtual void cancel(const char* reason) { (void)reason; }

  /// Frees the request's head, but keeps the parts that the log needs. For exchanges that last
  /// long: tunnels.
  void settle();
  /// The request line for the log: from the head, or as settle() kept it.
  std::string_view request_line() const { return kept(0); }
  std::string_view referer() const;
  std::string_view user_agent() const;
  bool settled() const { return settled_; }

  void set_ended(const char* ended) { ended_ = ended; }
  /// Why the exchange ended, if not by an error: `complete`, `client_closed`, `drained`. Static
  /// text.
  const char* ended() const { return ended_; }
  /// Only the first error is kept: later ones are its consequences.
  void set_error(const base::Error& error) {
    if (!error_) error_ = error;
  }
  bool has_error() const { return error_.has_value(); }
  base::ErrorType error_type() const {
    return error_ ? error_->type() : base::ErrorType::client_closed;
  }
  /// The rule or the limit that refused the request, else the rule that allowed it; empty if there
  /// was none.
  std::string_view rule() const {
    if (error_ && !error_->rule().empty()) return error_->rule();
    return verdict ? verdict->rule.view() : std::string_view();
  }

  /// The entry of a list, as FILE:LINE, that made that rule hold; empty: no list did.
  std::string_view list() const {
    if (error_ && !error_->rule().empty()) return error_->list();
    return verdict ? verdict->list.view() : std::string_view();
  }

  const base::Ref<const Pipeline> pipeline;
  /// Who made the request; auth replaces it once it knows the user.
  base::Ref<const Asker> asker;
  const Session& session() const { return *asker->session; }
  /// The request's head while it is needed; null before it has been read and after settle().
  base::Ref<RequestHead> request;
  int64_t started_wall_ms = 0;
  uint64_t started_ms = 0;
  /// Status of the final response that went out; 0 if none did.
  int status = 0;
  /// Bytes written to the client for this exchange, including heads, framing and a tunnel's
  /// content.
  uint64_t sent = 0;
  /// Bytes of content that the client sent.
  uint64_t received = 0;
  /// The origin's address, if a connection was used.
  base::Endpoint peer;
  /// Where that address came from.
  base::AddressSource peer_source = base::AddressSource::literal;
  /// What only rules and some formats of the log ask about; null in most exchanges.
  std::unique_ptr<Particulars> particulars;
  const Particulars& known() const {
    static const Particulars nothing;
    return particulars ? *particulars : nothing;
  }
  Particulars& note() {
    if (!particulars) particulars = std::make_unique<Particulars>();
    return *particulars;
  }
  /// The names on the way to that address; null: none.
  base::Ref<const Aliases> peer_aliases;
  /// What policy decided, for the worker alone, which asks again about it and about the peer when
  /// policy has changed. Null until policy has decided.
  base::Ref<const Decision> decision;
  /// What the rules have said so far, the last point's word; null if they said nothing.
  base::Ref<const Verdict> verdict;
  /// What a rule leaves to this exchange; null: no rule limits it. Whoever moves its bytes reads it
  /// anew for each portion.
  base::Ref<base::Allowance> allowance;
  bool reused_connection = false;
  /// Of a CONNECT: what became of the TLS in it, why it was not opened, and the alert by which the
  /// client ended it (RFC 8446, 6); 0: none.
  TlsInside tls = TlsInside::none;
  Aside aside = Aside::none;
  uint8_t tls_alert = 0;
  /// What Weir repaired in the origin's response (docs/design/strictness.md): a static word, or
  /// null if nothing.
  const char* mended = nullptr;
  /// The server name of a TLS ClientHello seen in a tunnel.
  base::KeptText sni;

 private:
  Journal& journal_;
  const char* ended_ = "client_closed";
  std::optional<base::Error> error_;
  bool settled_ = false;
  bool promised_ = false;
  /// Reserves (or releases) one block's worth of memory in the account for a running exchange,
  /// which will hold content. A settled tunnel reserves nothing.
  void promise(bool more);
  /// A part of the text that settle() keeps: request line, Referer and User-Agent, one after
  /// another; kept_ends_ says where each ends.
  std::string_view kept(size_t which) const {
    const uint32_t begin = which == 0 ? 0 : kept_ends_[which - 1];
    return kept_.view().substr(begin, kept_ends_[which] - begin);
  }
  base::KeptText kept_;
  std::array<uint32_t, 3> kept_ends_{};
};

}  // namespace weir::http
