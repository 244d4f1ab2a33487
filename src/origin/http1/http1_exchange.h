// One request and its response on an HTTP/1 connection to an origin (RFC 9112).
#pragma once
#include <memory>
#include <optional>

#include "async/signal.h"
#include "codec/http1/framing.h"
#include "codec/http1/head_parser.h"
#include "http/way_back.h"
#include "origin/http1/http1_connection.h"
#include "origin/pool/origin_exchange.h"

namespace weir::origin {

/// Owns the lease while it is used, and the upload, which runs beside the response and ends with
/// it. If it is destroyed before the response was read whole, the connection is closed; before the
/// request was sent whole, it is reset.
class Http1Exchange final : public OriginExchange, private http::RequestSender {
 public:
  Http1Exchange(Lease&& lease, ExchangeContext&& context);
  ~Http1Exchange() override;

  async::Task<base::Result<base::Ref<http::ResponseHead>>> ask(Asking asking) override;
  bool died_unanswered() const override { return died_unanswered_ && !client_ended_; }
  bool has_content() const override { return framing_.kind != http1::Framing::Kind::none; }
  bool content_is_empty() const override;
  Content content(std::unique_ptr<OriginExchange> self) override;
  void finish() override;
  std::unique_ptr<http::Tunnel> tunnel(std::unique_ptr<OriginExchange> self,
                                       uint64_t idle_timeout_ms) override;

  Http1Connection& connection() const { return static_cast<Http1Connection&>(*lease_); }
  const http1::Framing& framing() const { return framing_; }
  /// The fault of the request's content, if there is one. It ends the whole exchange, even if the
  /// response has begun.
  const std::optional<base::Error>& upload_error() const { return upload_error_; }
  const OriginConfig& config() const { return context_.config; }
  /// Set inside a tunnel that may go back to relaying; else null.
  http::WayBack* way_back() const { return lease_.pins() ? lease_.pins()->way_back : nullptr; }
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

 private:
  using Head = base::Result<base::Ref<http::ResponseHead>>;
  /// What has become of the request's content.
  enum class Upload : uint8_t {
    unsent,   // Not even the head has gone out whole.
    gated,    // Waits until the origin asks for it (100 Continue).
    sending,  // Is being sent.
    broken,   // It ended before its end.
    whole,    // The request has been sent.
  };

  // http1_upload.cc: the request's content, and what the client sends behind it.
  async::Task<void> upload(std::unique_ptr<http::Body> body, http::Chunk first, bool chunked,
                           bool expects_continue);
  /// True if all content was sent.
  async::Task<bool> send_content(std::unique_ptr<http::Body> body, http::Chunk first, bool chunked,
                                 bool expects_continue);
  async::Task<void> until_asked_for(http::Body& body);
  /// Sends on what the client sends after its request and what is not another request, as it
  /// arrives (docs/design/tunnels.md).
  async::Task<void> send_beyond();
  bool uploading() const { return upload_ == Upload::gated || upload_ == Upload::sending; }
  void fail_upload(base::Error error);
  base::Error took_nothing() const;
  bool end_request() override;

  // http1_answer.cc: the response's head.
  async::Task<Head> read_head(http::Method method, http::Upgrade upgrade);
  /// What has arrived once the stream is readable: a number of bytes, 0 for the end, or -errno.
  ssize_t read_some();
  /// The error for an end or a failure before the head was whole.
  base::Error ended(ssize_t error, bool any_byte);
  /// The connection died before the request reached the origin, for all that can be told.
  std::unexpected<base::Error> died();
  /// Deals with an interim response. An error ends the exchange.
  async::Task<base::Result<void>> take_interim(http1::ResponseParser& parser, uint32_t count);
  base::Error no_answer(ssize_t error, bool started) const;

  // Inside a tunnel that may go back to relaying.
  /// Gives the connection to the tunnel, with the unsent bytes from the client in their order.
  void go_back();
  /// Waits until the content has been sent; with `or_readable`, also until more of the response
  /// arrives.
  async::Task<void> until_uploaded(bool or_readable);
  base::Slice read_more_of_answer();

  const ExchangeContext context_;
  http1::Framing framing_;  // Of the response.
  async::Task<void> upload_task_;
  async::Signal continued_;
  async::Signal uploaded_;  // `upload_` has changed.
  Upload upload_ = Upload::unsent;
  bool continue_seen_ = false;
  bool answered_ = false;       // The final head has been read.
  bool client_ended_ = false;   // And the origin was told so.
  bool asked_for_100_ = false;  // The request had an Expect field.
  bool died_unanswered_ = false;
  bool went_beyond_ = false;
  bool answer_ended_ = false;  // While content is still being sent.
  uint64_t upload_sent_ = 0;
  base::ChargedText head_as_it_came_;  // The response's head, inside a tunnel that may go back.
  base::Slice beyond_;                 // The bytes that are being sent.
  uint64_t beyond_sent_ = 0;
  std::optional<base::Error> upload_error_;
};

}  // namespace weir::origin
