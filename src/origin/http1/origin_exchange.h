// One request and its response on one connection to an origin (RFC 9112).
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "async/signal.h"
#include "codec/http1/framing.h"
#include "http/stage.h"
#include "http/way_back.h"
#include "origin/pool/origin_connection.h"

namespace weir::origin {

/// The head of the response, and how its content is framed.
struct Answered {
  base::Ref<http::ResponseHead> head;
  http1::Framing framing;
};

/// Owns the connection while it is used, and the upload, which runs beside the response and ends
/// with it. Owned by the response's body (or tunnel). If it is destroyed before the response was
/// read whole, the connection is closed; before the request was sent whole, it is reset: the origin
/// must not take a part for the whole.
class OriginExchange final : public base::Pooled, private http::RequestSender {
 public:
  OriginExchange(base::Ref<http::Exchange> exchange, Pool& pool, const OriginConfig& config,
                 uint64_t expect_wait_ms);
  ~OriginExchange();

  /// Sends the request's head (and the content that is ready), starts the upload of the rest, and
  /// reads the head of the final response. `body` may be null. May be called again with another
  /// connection if `may_retry()`.
  async::Task<base::Result<Answered>> ask(std::unique_ptr<OriginConnection> connection,
                                          const http::RequestHead& head,
                                          std::unique_ptr<http::Body>& body, bool expects_continue,
                                          http::Upgrade upgrade);

  /// True if the connection died before any byte of a response arrived, and no content was taken
  /// from the request.
  bool may_retry() const { return died_unanswered() && !content_taken_; }
  /// The same, but also if content was taken. False if the client ended the exchange: that is not
  /// repeated.
  bool died_unanswered() const { return died_unanswered_ && !client_ended_; }

  OriginConnection& connection() { return *connection_; }
  http::Exchange& exchange() { return *exchange_; }
  /// The fault of the request's content, if there is one. It ends the whole exchange, even if the
  /// response has begun.
  const std::optional<base::Error>& upload_error() const { return upload_error_; }
  const OriginConfig& config() const { return config_; }

  /// The response was read whole: returns the connection to the pool, or to the client's pins.
  void finish();
  /// Takes over the slot of a connection that died.
  OriginSlots::Slot take_slot() {
    return connection_ ? std::move(connection_->slot) : OriginSlots::Slot();
  }
  /// Set inside a tunnel that may go back to relaying; else null.
  http::WayBack* way_back() const { return pinned_to ? pinned_to->way_back : nullptr; }
  /// The response as received so far: its last head, which this no longer keeps afterwards, and the
  /// bytes that were read after it. For a tunnel.
  base::Slice answer_as_it_came();
  /// The response is valid HTTP: its raw head is not needed.
  void forget_head() {
    if (!head_as_it_came_.empty()) head_as_it_came_ = {};
  }
  /// What arrived is no HTTP response: `answer` goes to the client unchanged, and the tunnel
  /// relays. Returns an error that is shown to no one.
  async::Task<base::Error> go_back_with(base::Slice answer);
  /// The response broke the rules and was repaired: the log says so, and the connection is not
  /// reused.
  void note_mended(const char* what);
  /// Gives the connection away, to a tunnel.
  std::unique_ptr<OriginConnection> take_connection() { return std::move(connection_); }

  /// Whether another request may follow on the connection. Set by read_head(); a caller may clear
  /// it.
  bool keep_alive = false;
  /// If not null, the connection belongs to the client connection with these pins.
  http::Pins* pinned_to = nullptr;
  std::string pin_key;

 private:
  async::Task<void> upload(std::unique_ptr<http::Body> body, http::Chunk first, bool chunked,
                           bool expects_continue);
  /// True if all content was sent.
  async::Task<bool> send_content(std::unique_ptr<http::Body> body, http::Chunk first, bool chunked,
                                 bool expects_continue);
  bool end_request() override;
  /// Sends on what the client sends after its request and what is not another request, as it
  /// arrives (docs/design/tunnels.md).
  async::Task<void> send_beyond();
  /// Gives the connection to the tunnel, with the unsent bytes from the client in their order.
  void go_back();
  void drop_connection();
  void fail_upload(base::Error error);
  void open_gate();
  async::Task<ssize_t> send(http::Chunk chunk, bool chunked);
  async::Task<void> until_asked_for(http::Body& body);
  async::Task<base::Result<Answered>> read_head(http::Method method, http::Upgrade upgrade);
  base::Error no_answer(ssize_t error, bool started) const;
  base::Error took_nothing() const;
  /// Waits until the content has been sent; with `or_readable`, also until more of the response
  /// arrives.
  async::Task<void> until_uploaded(bool or_readable);
  base::Slice read_more_of_answer();

  base::Ref<http::Exchange> exchange_;
  Pool& pool_;
  const OriginConfig& config_;
  const uint64_t expect_wait_ms_;
  std::unique_ptr<OriginConnection> connection_;
  async::Task<void> upload_;
  async::Signal continued_;
  async::Signal opened_;  // The gate before the upload was opened.
  bool continue_seen_ = false;
  bool uploading_ = false;
  bool gated_ = false;     // The upload waits until the origin asks for content.
  bool answered_ = false;  // The final head has been read.
  bool content_taken_ = false;
  bool sent_whole_ = false;
  bool client_ended_ = false;   // And the origin was told so.
  bool asked_for_100_ = false;  // The request had an Expect field.
  bool died_unanswered_ = false;
  uint64_t upload_sent_ = 0;
  base::ChargedText head_as_it_came_;  // The response's head, inside a tunnel that may go back.
  base::Slice beyond_;                 // The bytes that are being sent.
  uint64_t beyond_sent_ = 0;
  bool went_beyond_ = false;
  bool answer_ended_ = false;  // While content is still being sent.
  std::optional<base::Error> upload_error_;
};

}  // namespace weir::origin
