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

/// What the answer's head came to.
struct Answered {
  base::Ref<http::ResponseHead> head;
  http1::Framing framing;
};

/// Owns the connection while it is used, and the upload, which runs beside the response and ends
/// with it. Owned by the response's body (or tunnel). When it goes before the response was read
/// whole, or before the request was sent whole, the connection is reset: the origin must not take a
/// part for the whole.
class OriginExchange final : public base::Pooled, private http::RequestSender {
 public:
  OriginExchange(base::Ref<http::Exchange> exchange, Pool& pool, const OriginConfig& config,
                 uint64_t expect_wait_ms);
  ~OriginExchange();

  /// Sends the request's head (and content as far as it is there), starts the upload of the rest,
  /// and reads the final response's head. `body` may be null. May be called again with another
  /// connection if `may_retry()`.
  async::Task<base::Result<Answered>> ask(std::unique_ptr<OriginConnection> connection,
                                          const http::RequestHead& head,
                                          std::unique_ptr<http::Body>& body, bool expects_continue,
                                          http::Upgrade upgrade);

  /// The connection died before a byte of a response came, and no content was taken from the
  /// request.
  bool may_retry() const { return died_unanswered() && !content_taken_; }
  /// The same, whatever became of the content. What ended because the client did is not repeated.
  bool died_unanswered() const { return died_unanswered_ && !client_ended_; }

  OriginConnection& connection() { return *connection_; }
  http::Exchange& exchange() { return *exchange_; }
  /// What is wrong with the request's content, where something is: then the whole exchange is over,
  /// also if the answer has begun.
  const std::optional<base::Error>& upload_error() const { return upload_error_; }
  const OriginConfig& config() const { return config_; }

  /// The response was read whole: the connection goes back to the pool, or to the client's pins.
  void finish();
  /// Of a connection that died.
  OriginSlots::Slot take_slot() {
    return connection_ ? std::move(connection_->slot) : OriginSlots::Slot();
  }
  /// Inside a tunnel that may go back to relaying; else null.
  http::WayBack* way_back() const { return pinned_to ? pinned_to->way_back : nullptr; }
  /// The answer so far as it came: its last head, which is kept no longer, and what was read behind
  /// that. For a tunnel.
  base::Slice answer_as_it_came();
  /// The answer is one of HTTP.
  void forget_head() {
    if (!head_as_it_came_.empty()) head_as_it_came_ = {};
  }
  /// What came is no answer: `answer` goes to the client as it is, and the tunnel relays. Gives an
  /// error that nobody is shown.
  async::Task<base::Error> go_back_with(base::Slice answer);
  /// The response is not to the letter: the log says so, and its connection is not used again.
  void note_mended(const char* what);
  /// For what goes on as a tunnel.
  std::unique_ptr<OriginConnection> take_connection() { return std::move(connection_); }

  /// Set by whoever reads the head: no other request may follow on the connection.
  bool keep_alive = false;
  /// Not null: the connection belongs to that client connection.
  http::Pins* pinned_to = nullptr;
  std::string pin_key;

 private:
  async::Task<void> upload(std::unique_ptr<http::Body> body, http::Chunk first, bool chunked,
                           bool expects_continue);
  /// True: all of it was sent.
  async::Task<bool> send_content(std::unique_ptr<http::Body> body, http::Chunk first, bool chunked,
                                 bool expects_continue);
  bool end_request() override;
  /// Sends on what the client says behind its request and what is no other request, as it comes
  /// (docs/design/tunnels.md).
  async::Task<void> send_beyond();
  /// Gives the connection to the tunnel; all that the client has sent stays in its order.
  void go_back();
  void drop_connection();
  void fail_upload(base::Error error);
  void open_gate();
  async::Task<ssize_t> send(http::Chunk chunk, bool chunked);
  async::Task<void> until_asked_for(http::Body& body);
  async::Task<base::Result<Answered>> read_head(http::Method method, http::Upgrade upgrade);
  base::Error no_answer(ssize_t error, bool started) const;
  base::Error took_nothing() const;
  /// Until the content is with the origin; or there is more of the answer.
  async::Task<void> until_uploaded(bool or_readable);
  base::Slice read_more_of_answer();

  base::Ref<http::Exchange> exchange_;
  Pool& pool_;
  const OriginConfig& config_;
  const uint64_t expect_wait_ms_;
  std::unique_ptr<OriginConnection> connection_;
  async::Task<void> upload_;
  async::Signal continued_;
  async::Signal opened_;  // The gate before the upload.
  bool continue_seen_ = false;
  bool uploading_ = false;
  bool gated_ = false;     // The upload waits to be asked for.
  bool answered_ = false;  // The final head is there.
  bool content_taken_ = false;
  bool sent_whole_ = false;
  bool client_ended_ = false;   // And the origin was told.
  bool asked_for_100_ = false;  // By an Expect.
  bool died_unanswered_ = false;
  uint64_t upload_sent_ = 0;
  base::ChargedText head_as_it_came_;  // The answer's, inside a tunnel that may go back.
  base::Slice beyond_;                 // Being sent.
  uint64_t beyond_sent_ = 0;
  bool went_beyond_ = false;
  bool answer_ended_ = false;  // While the content still goes out.
  std::optional<base::Error> upload_error_;
};

}  // namespace weir::origin
