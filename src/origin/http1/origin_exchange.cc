#include "origin/http1/origin_exchange.h"

#include <cerrno>
#include <utility>

#include "codec/http1/head_parser.h"
#include "codec/http1/slices.h"
#include "http/hop_by_hop.h"

namespace weir::origin {

using base::ErrorType;
using base::Slice;

namespace {

/// Limit of content that is sent together with the head, before anything is read: small enough for
/// any socket's buffer.
constexpr size_t kWithHead = 16 * 1024;

/// True for a client read timeout (408); ignored once the response has begun.
bool is_silence(const base::Error& error) {
  return error.type() == ErrorType::http_request_error && error.status() == 408;
}

}  // namespace

OriginExchange::OriginExchange(base::Ref<http::Exchange> exchange, Pool& pool,
                               const OriginConfig& config, uint64_t expect_wait_ms)
    : exchange_(std::move(exchange)),
      pool_(pool),
      config_(config),
      expect_wait_ms_(expect_wait_ms) {
  exchange_->sender = this;
}

OriginExchange::~OriginExchange() {
  if (exchange_->sender == this) exchange_->sender = nullptr;
  upload_.cancel();
  if (!connection_) return;
  if (!sent_whole_) connection_->stream->abort();
  if (pinned_to) pinned_to->lose(pin_key);
  drop_connection();
}

bool OriginExchange::end_request() {
  if (!connection_ || !sent_whole_) return false;
  client_ended_ = true;
  connection_->stream->shut_down_writes();
  return true;
}

void OriginExchange::drop_connection() {
  pool_.drop(std::move(connection_));
}

void OriginExchange::note_mended(const char* what) {
  keep_alive = false;
  if (!exchange_->mended) exchange_->mended = what;
}

void OriginExchange::go_back() {
  upload_.cancel();
  exchange_->received += beyond_sent_;
  beyond_.drop_front(beyond_sent_);
  way_back()->give_back(std::move(beyond_));
  way_back()->take(std::move(connection_));
}

Slice OriginExchange::answer_as_it_came() {
  base::ChargedText answer = std::exchange(head_as_it_came_, {});
  answer += connection_->input.view();
  return answer.empty() ? Slice() : Slice::copy_of(answer);
}

async::Task<base::Error> OriginExchange::go_back_with(Slice answer) {
  // The request's content that is being sent has our own framing, so it must be complete before raw
  // bytes may follow it.
  if (gated_) upload_.cancel();
  const base::Error relayed =
      base::Error(ErrorType::client_closed, "The origin's answer is no HTTP; the tunnel relays it.")
          .without_answer();
  while (uploading_) {
    // The client may wait for the answer before it sends the rest of its content.
    if (!answer.empty() && exchange_->pass(answer.view())) answer = Slice();
    co_await until_uploaded(answer.empty());
    if (answer.empty() && uploading_) answer = read_more_of_answer();
  }
  if (upload_error_) co_return relayed;
  connection_->input.take_all();
  connection_->input.put(answer);
  go_back();
  co_return relayed;
}

async::Task<void> OriginExchange::until_uploaded(bool or_readable) {
  struct Wait {
    static async::Task<bool> for_upload(OriginExchange& self) {
      for (auto seen = self.opened_.version(); self.uploading_; seen = self.opened_.version())
        co_await self.opened_.changed(seen);
      co_return true;
    }
    static async::Task<bool> for_answer(async::ByteStream& stream) {
      const ssize_t ready = co_await stream.until_readable(async::Deadline::kNever);
      co_return ready > 0;
    }
  };
  if (!or_readable || answer_ended_) {
    co_await Wait::for_upload(*this);
  } else {
    co_await async::first_of(Wait::for_upload(*this), Wait::for_answer(*connection_->stream));
  }
}

Slice OriginExchange::read_more_of_answer() {
  auto block = base::Block::make(base::Block::kSmall);
  const ssize_t n = connection_->stream->try_read(block->data(), block->capacity());
  if (n == -EAGAIN) return Slice();
  answer_ended_ = n <= 0;
  return n > 0 ? Slice(std::move(block), 0, static_cast<size_t>(n)) : Slice();
}

void OriginExchange::finish() {
  if (!connection_) return;
  if (client_ended_) keep_alive = false;
  const bool is_last = went_beyond_ || !keep_alive || (pinned_to && pinned_to->client_is_done);
  if (way_back() && sent_whole_ && (is_last || !connection_->quiet())) return go_back();
  if (!sent_whole_ || !keep_alive || !connection_->input.empty()) {
    if (!sent_whole_) return;  // The upload may go on until the client has the whole response.
    if (pinned_to) pinned_to->lose(pin_key);
    drop_connection();
    return;
  }
  upload_.cancel();
  if (pinned_to) {
    if (connection_->quiet()) {
      connection_->rest();
      connection_->reused = true;
      pinned_to->put(pin_key, std::move(connection_));
    } else {
      pinned_to->lose(pin_key);
    }
  } else {
    pool_.put(std::move(connection_));
  }
  connection_ = nullptr;
}

base::Error OriginExchange::no_answer(ssize_t error, bool started) const {
  const std::string name = connection_->authority;
  if (error == -ETIMEDOUT)
    return base::Error(ErrorType::http_response_timeout, name + " did not answer in time.");
  if (started)
    return base::Error(ErrorType::http_response_incomplete,
                       name + " closed the connection inside its answer's head.");
  if (client_ended_)
    return base::Error(ErrorType::client_closed,
                       name + " gave up the request of a client that ended its side.");
  return base::Error(ErrorType::connection_terminated,
                     name + " closed the connection without an answer.");
}

async::Task<base::Result<Answered>> OriginExchange::ask(
    std::unique_ptr<OriginConnection> connection, const http::RequestHead& head,
    std::unique_ptr<http::Body>& body, bool expects_continue, http::Upgrade upgrade) {
  connection_ = std::move(connection);
  died_unanswered_ = false;
  sent_whole_ = false;
  asked_for_100_ = head.fields.has(http::FieldId::expect);
  exchange_->peer = connection_->peer;
  exchange_->peer_source = connection_->source;
  exchange_->reused_connection = connection_->reused;
  const http::Method method = head.method;
  const bool chunked = body && !body->known_length();
  http::Chunk first;
  if (body && !expects_continue) {
    if (auto ready = body->try_read()) {
      content_taken_ = true;
      if (!*ready) co_return std::unexpected(std::move(*ready).error());
      first = **std::move(ready);
    }
  }
  Slice bytes = http1::head_slice(head, head.target.path);
  if (way_back()) way_back()->head_sent();
  ssize_t written;
  if (!body || (first.last && first.bytes.size() <= kWithHead)) {
    http1::ChunkFraming around;
    if (chunked) around = http1::frame_chunk(first.bytes.size(), true, first.trailers.get());
    written = co_await connection_->stream->write(
        {std::move(bytes), std::move(around.before), std::move(first.bytes),
         std::move(around.after), std::move(around.end)},
        config_.write_timeout_ms, nullptr, async::WriteWhen::together);
    if (written == 0) sent_whole_ = true;
    body = nullptr;
    // After an upgrade, the first bytes of the next protocol wait for the 101.
    if (written == 0 && way_back() && upgrade == http::Upgrade::none) {
      upload_ = send_beyond();
      upload_.start();
    }
  } else {
    written = co_await connection_->stream->write({std::move(bytes)}, config_.write_timeout_ms);
    if (written == 0) {
      uploading_ = true;
      upload_ = upload(std::move(body), std::move(first), chunked, expects_continue);
      upload_.start();
    }
  }
  // A failed write decides nothing: the origin may have answered before it closed. Only reading
  // tells.
  co_return co_await read_head(method, upgrade);
}

async::Task<void> OriginExchange::until_asked_for(http::Body& body) {
  // Waits for the origin's 100, the client's first bytes, or expect_wait_ms_, whichever comes
  // first.
  struct Wait {
    static async::Task<bool> for_origin(OriginExchange& self) {
      for (auto seen = self.continued_.version(); !self.continue_seen_;
           seen = self.continued_.version()) {
        co_await self.continued_.changed(seen);
      }
      co_return true;
    }
    static async::Task<bool> for_client(http::Body& body) {
      co_await body.until_begun();
      co_return true;
    }
    static async::Task<bool> a_while(uint64_t until_ms) {
      co_await async::Sleep(until_ms);
      co_return true;
    }
  };
  const uint64_t until_ms = async::EventLoop::current().now_ms() + expect_wait_ms_;
  co_await async::first_of(async::first_of(Wait::for_origin(*this), Wait::for_client(body)),
                           Wait::a_while(until_ms));
}

async::Task<ssize_t> OriginExchange::send(http::Chunk chunk, bool chunked) {
  http1::ChunkFraming around;
  if (chunked) around = http1::frame_chunk(chunk.bytes.size(), chunk.last, chunk.trailers.get());
  co_return co_await connection_->stream->write({std::move(around.before), std::move(chunk.bytes),
                                                 std::move(around.after), std::move(around.end)},
                                                config_.write_timeout_ms, &upload_sent_);
}

void OriginExchange::open_gate() {
  gated_ = false;
  opened_.notify();
}

base::Error OriginExchange::took_nothing() const {
  return {ErrorType::connection_write_timeout,
          connection_->authority + " took nothing of the request's content for too long."};
}

/// Also wakes the code that reads the response.
void OriginExchange::fail_upload(base::Error error) {
  upload_error_ = std::move(error);
  connection_->stream->readiness().interrupt();
}

async::Task<void> OriginExchange::send_beyond() {
  for (;;) {
    auto bytes = co_await way_back()->beyond();
    if (!bytes) co_return;  // The session sees the error, too.
    went_beyond_ = true;
    if (bytes->empty()) co_return connection_->stream->shut_down_writes();
    beyond_ = *std::move(bytes);
    beyond_sent_ = 0;
    const ssize_t written =
        co_await connection_->stream->write({beyond_}, config_.write_timeout_ms, &beyond_sent_);
    exchange_->received += beyond_sent_;
    upload_sent_ += beyond_sent_;
    if (written == -ETIMEDOUT) fail_upload(took_nothing());
    if (written < 0) co_return;
    beyond_ = Slice();
    beyond_sent_ = 0;
  }
}

async::Task<void> OriginExchange::upload(std::unique_ptr<http::Body> body, http::Chunk first,
                                         bool chunked, bool expects_continue) {
  const bool whole =
      co_await send_content(std::move(body), std::move(first), chunked, expects_continue);
  if (whole && way_back()) co_await send_beyond();
}

async::Task<bool> OriginExchange::send_content(std::unique_ptr<http::Body> body, http::Chunk chunk,
                                               bool chunked, bool expects_continue) {
  struct Ended {
    OriginExchange& self;
    ~Ended() {
      self.uploading_ = false;
      self.open_gate();
    }
  } ended{*this};
  if (expects_continue) {
    gated_ = true;
    co_await until_asked_for(*body);
    open_gate();
  }
  for (;;) {
    if (!chunk.bytes.empty() || chunk.last) {
      const bool last = chunk.last;
      const ssize_t written = co_await send(std::move(chunk), chunked);
      // Stop reading content that the origin does not accept. The origin may have answered, which
      // the reading side sees. A response that has begun continues.
      if (written == -ETIMEDOUT && !answered_) {
        fail_upload(took_nothing());
      }
      if (written < 0) co_return false;
      if (last) break;
      chunk = http::Chunk();
    }
    content_taken_ = true;
    if (!chunked && body->can_send_to(*connection_->stream)) {
      bool to_failed = false;
      auto sent = co_await body->send_to(*connection_->stream, config_.write_timeout_ms,
                                         &upload_sent_, &to_failed);
      if (!sent) {
        if (!to_failed && answered_ && is_silence(sent.error())) continue;
        if (!to_failed ||
            (sent.error().type() == ErrorType::connection_write_timeout && !answered_))
          fail_upload(std::move(sent).error());
        co_return false;
      }
      if (sent->last) break;
      continue;
    }
    auto next = body->try_read();
    if (!next) next.emplace(co_await body->read());
    if (!*next && answered_ && is_silence(next->error())) continue;
    if (!*next) {
      fail_upload(std::move(*next).error());
      co_return false;
    }
    chunk = **std::move(next);
  }
  sent_whole_ = true;
  co_return true;
}

async::Task<base::Result<Answered>> OriginExchange::read_head(http::Method method,
                                                              http::Upgrade upgrade) {
  auto& loop = async::EventLoop::current();
  async::Input& input = connection_->input;
  // Bytes left over from the last response, or bytes that are not HTTP, must not pass for a
  // response.
  const auto begin =
      connection_->reused || way_back() ? http1::Begin::http_only : http1::Begin::mended;
  http1::ResponseParser parser(
      method, {static_cast<uint32_t>(config_.head_bytes), config_.head_fields}, begin);
  uint32_t interims = 0;
  bool any_byte = false;
  uint64_t waited_from_ms = loop.now_ms();
  for (;;) {
    while (!parser.done()) {
      if (input.empty()) {
        input.release();
        const uint64_t sent_before = upload_sent_;
        const ssize_t waited = co_await connection_->stream->until_readable(
            waited_from_ms + config_.first_byte_timeout_ms);
        if (upload_error_) co_return std::unexpected(*upload_error_);
        if (waited == -ETIMEDOUT && (uploading_ || upload_sent_ != sent_before)) {
          waited_from_ms =
              loop.now_ms();  // The request is still being sent; its own deadlines apply.
          continue;
        }
        ssize_t n = waited;
        if (waited > 0) {
          const auto& block = input.room(base::Block::bulk());
          n = connection_->stream->try_read(block->data(), block->capacity());
          if (n == -EAGAIN) continue;  // It only seemed readable.
        }
        if (n == 0 && way_back())
          co_return std::unexpected(co_await go_back_with(answer_as_it_came()));
        if (n <= 0) {
          died_unanswered_ = !any_byte && n != -ETIMEDOUT;
          co_return std::unexpected(no_answer(n, any_byte));
        }
        any_byte = true;
        loop.spend(static_cast<size_t>(n));
        input.filled(static_cast<size_t>(n));
      }
      auto fed = parser.feed(input.view());
      if (!fed && way_back()) co_return std::unexpected(co_await go_back_with(answer_as_it_came()));
      if (!fed && connection_->reused && parser.no_response() && interims == 0) {
        died_unanswered_ = true;
        co_return std::unexpected(no_answer(0, false));
      }
      if (!fed) co_return std::unexpected(std::move(fed).error());
      if (way_back()) head_as_it_came_ += input.view().substr(0, *fed);
      input.consume(*fed);
    }
    const int status = parser.head()->status;
    if (status >= 200 || (status == 101 && upgrade != http::Upgrade::none)) break;
    if (way_back() && (status == 101 || interims == config_.interim_limit))
      co_return std::unexpected(co_await go_back_with(answer_as_it_came()));
    if (status == 101)
      co_return base::fail(
          ErrorType::http_protocol_error,
          connection_->authority + " changed the protocol without being asked to.");
    if (++interims > config_.interim_limit) {
      co_return base::fail(ErrorType::http_protocol_error,
                           connection_->authority + " sent too many interim responses.");
    }
    if (status == 100 && asked_for_100_) {
      continue_seen_ = true;
      continued_.notify();
      // A final head may have arrived together with the 100: let the upload pass the 100 on first.
      for (auto seen = opened_.version(); gated_; seen = opened_.version())
        co_await opened_.changed(seen);
    } else {
      // A 100 that no one asked for is passed on, too (RFC 9110, 15.2).
      (void)http::remove_hop_by_hop(parser.head()->fields);
      parser.head()->fields.remove(
          http::FieldId::content_length);  // An interim response has no content.
      CO_CHECK(exchange_->interim(*parser.head()));
    }
    parser.reset(method);
    head_as_it_came_.clear();
  }
  if (parser.head()->status == 408 && connection_->reused && interims == 0 && !uploading_ &&
      !way_back()) {
    // RFC 9110, 15.5.9: the connection's idle time was over before this request arrived.
    died_unanswered_ = true;
    co_return std::unexpected(no_answer(0, false));
  }
  if (gated_) upload_.cancel();  // Refused without asking for the content: the client keeps it.
  keep_alive = parser.keep_alive() && parser.head()->status != 101;
  answered_ = true;
  if (parser.mended()) note_mended(parser.mended());
  Answered answered{parser.take_head(), parser.framing()};
  co_return answered;
}

}  // namespace weir::origin
