// The head of a response on an HTTP/1 connection.
#include <cerrno>

#include "codec/http1/head_parser.h"
#include "http/hop_by_hop.h"
#include "origin/http1/http1_exchange.h"

namespace weir::origin {

using base::ErrorType;

base::Error Http1Exchange::no_answer(ssize_t error, bool started) const {
  const std::string name = connection().key.authority.text();
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

ssize_t Http1Exchange::read_some() {
  async::Input& input = connection().input;
  const auto& block = input.room(base::Block::bulk());
  const ssize_t n = connection().stream->try_read(block->data(), block->capacity());
  if (n > 0) {
    async::EventLoop::current().spend(static_cast<size_t>(n));
    input.filled(static_cast<size_t>(n));
  }
  return n;
}

base::Error Http1Exchange::ended(ssize_t error, bool any_byte) {
  died_unanswered_ = !any_byte && error != -ETIMEDOUT;
  return no_answer(error, any_byte);
}

std::unexpected<base::Error> Http1Exchange::died() {
  died_unanswered_ = true;
  return std::unexpected(no_answer(0, false));
}

async::Task<base::Result<void>> Http1Exchange::take_interim(http1::ResponseParser& parser,
                                                            uint32_t count) {
  const std::string name = connection().key.authority.text();
  const int status = parser.head()->status;
  if (way_back() && (status == 101 || count > config().interim_limit))
    co_return std::unexpected(co_await go_back_with(answer_as_it_came()));
  if (status == 101)
    co_return base::fail(ErrorType::http_protocol_error,
                         name + " changed the protocol without being asked to.");
  if (count > config().interim_limit)
    co_return base::fail(ErrorType::http_protocol_error,
                         name + " sent too many interim responses.");
  if (status == 100 && asked_for_100_) {
    continue_seen_ = true;
    continued_.notify();
    // A final head may have arrived together with the 100: let the upload pass the 100 on first.
    for (auto seen = uploaded_.version(); upload_ == Upload::gated; seen = uploaded_.version())
      co_await uploaded_.changed(seen);
    co_return {};
  }
  // A 100 that no one asked for is passed on, too (RFC 9110, 15.2).
  (void)http::remove_hop_by_hop(parser.head()->fields);
  // An interim response has no content.
  parser.head()->fields.remove(http::FieldId::content_length);
  co_return context_.record->interim(*parser.head());
}

async::Task<Http1Exchange::Head> Http1Exchange::read_head(http::Method method,
                                                          http::Upgrade upgrade) {
  auto& loop = async::EventLoop::current();
  async::Input& input = connection().input;
  const bool reused = connection().reused;
  // Bytes left over from the last response, or bytes that are not HTTP, must not pass for a
  // response.
  const auto begin = reused || way_back() ? http1::Begin::http_only : http1::Begin::mended;
  http1::ResponseParser parser(
      method, {static_cast<uint32_t>(config().head_bytes), config().head_fields}, begin);
  uint32_t interims = 0;
  bool any_byte = false;
  uint64_t waited_from_ms = loop.now_ms();
  for (;;) {
    while (!parser.done()) {
      if (input.empty()) {
        input.release();
        const uint64_t sent_before = upload_sent_;
        const ssize_t waited = co_await connection().stream->until_readable(
            waited_from_ms + config().first_byte_timeout_ms);
        if (upload_error_) co_return std::unexpected(*upload_error_);
        if (waited == -ETIMEDOUT && (uploading() || upload_sent_ != sent_before)) {
          // The request is still being sent; its own deadlines apply.
          waited_from_ms = loop.now_ms();
          continue;
        }
        const ssize_t n = waited > 0 ? read_some() : waited;
        if (n == -EAGAIN) continue;  // It only seemed readable.
        if (n == 0 && way_back())
          co_return std::unexpected(co_await go_back_with(answer_as_it_came()));
        if (n <= 0) co_return std::unexpected(ended(n, any_byte));
        any_byte = true;
      }
      auto fed = parser.feed(input.view());
      if (!fed && way_back()) co_return std::unexpected(co_await go_back_with(answer_as_it_came()));
      if (!fed && reused && parser.no_response() && interims == 0) co_return died();
      if (!fed) co_return std::unexpected(std::move(fed).error());
      if (way_back()) head_as_it_came_ += input.view().substr(0, *fed);
      input.consume(*fed);
    }
    const int status = parser.head()->status;
    if (status >= 200 || (status == 101 && upgrade != http::Upgrade::none)) break;
    CO_CHECK(co_await take_interim(parser, ++interims));
    parser.reset(method);
    head_as_it_came_.clear();
  }
  // RFC 9110, 15.5.9: the connection's idle time was over before this request arrived.
  if (parser.head()->status == 408 && reused && interims == 0 && !uploading() && !way_back())
    co_return died();
  // Refused without asking for the content: the client keeps it.
  if (upload_ == Upload::gated) upload_task_.cancel();
  keep_alive_ = parser.keep_alive() && parser.head()->status != 101;
  answered_ = true;
  if (parser.mended()) note_mended(parser.mended());
  framing_ = parser.framing();
  co_return parser.take_head();
}

}  // namespace weir::origin
