// The request's content on an HTTP/1 connection, and what the client sends behind it.
#include <cerrno>

#include "codec/http1/slices.h"
#include "origin/http1/http1_exchange.h"

namespace weir::origin {

using base::ErrorType;
using base::Slice;

namespace {

/// True for a client read timeout (408); ignored once the response has begun.
bool is_silence(const base::Error& error) {
  return error.type() == ErrorType::http_request_error && error.status() == 408;
}

}  // namespace

async::Task<void> Http1Exchange::until_asked_for(http::Body& body) {
  // Waits for the origin's 100, the client's first bytes, or the time that the origin may take,
  // whichever comes first.
  struct Wait {
    static async::Task<bool> for_origin(Http1Exchange& self) {
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
  const uint64_t until_ms = async::EventLoop::current().now_ms() + context_.expect_wait_ms;
  co_await async::first_of(async::first_of(Wait::for_origin(*this), Wait::for_client(body)),
                           Wait::a_while(until_ms));
}

async::Task<ssize_t> Http1Exchange::send(http::Chunk chunk, bool chunked) {
  http1::ChunkFraming around;
  if (chunked) around = http1::frame_chunk(chunk.bytes.size(), chunk.last, chunk.trailers.get());
  co_return co_await connection().stream->write({std::move(around.before), std::move(chunk.bytes),
                                                 std::move(around.after), std::move(around.end)},
                                                config().write_timeout_ms, &upload_sent_);
}

base::Error Http1Exchange::took_nothing() const {
  return {
      ErrorType::connection_write_timeout,
      connection().key.authority.text() + " took nothing of the request's content for too long."};
}

/// Also wakes the code that reads the response.
void Http1Exchange::fail_upload(base::Error error) {
  upload_error_ = std::move(error);
  connection().stream->readiness().interrupt();
}

async::Task<void> Http1Exchange::send_beyond() {
  for (;;) {
    auto bytes = co_await way_back()->beyond();
    if (!bytes) co_return;  // The session sees the error, too.
    went_beyond_ = true;
    if (bytes->empty()) co_return connection().stream->shut_down_writes();
    beyond_ = *std::move(bytes);
    beyond_sent_ = 0;
    const ssize_t written =
        co_await connection().stream->write({beyond_}, config().write_timeout_ms, &beyond_sent_);
    context_.record->received += beyond_sent_;
    upload_sent_ += beyond_sent_;
    if (written == -ETIMEDOUT) fail_upload(took_nothing());
    if (written < 0) co_return;
    beyond_ = Slice();
    beyond_sent_ = 0;
  }
}

async::Task<void> Http1Exchange::upload(std::unique_ptr<http::Body> body, http::Chunk first,
                                        bool chunked, bool expects_continue) {
  const bool whole =
      co_await send_content(std::move(body), std::move(first), chunked, expects_continue);
  if (whole && way_back()) co_await send_beyond();
}

async::Task<bool> Http1Exchange::send_content(std::unique_ptr<http::Body> body, http::Chunk chunk,
                                              bool chunked, bool expects_continue) {
  struct Ended {
    Http1Exchange& self;
    ~Ended() {
      if (self.uploading()) self.upload_ = Upload::broken;
      self.uploaded_.notify();
    }
  } ended{*this};
  if (expects_continue) {
    upload_ = Upload::gated;
    co_await until_asked_for(*body);
    upload_ = Upload::sending;
    uploaded_.notify();
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
    if (!chunked && body->can_send_to(*connection().stream)) {
      bool to_failed = false;
      auto sent = co_await body->send_to(*connection().stream, config().write_timeout_ms,
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
  upload_ = Upload::whole;
  co_return true;
}

}  // namespace weir::origin
