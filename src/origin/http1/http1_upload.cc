// The request's content on an HTTP/1 connection, and what the client sends behind it.
#include <cerrno>

#include "codec/http1/slices.h"
#include "http/send_content.h"
#include "origin/http1/http1_exchange.h"

namespace weir::origin {

using base::ErrorType;
using base::Slice;

namespace {

/// A request's content on an HTTP/1 connection.
class UploadSink final : public http::ContentSink {
 public:
  UploadSink(async::ByteStream& stream, uint64_t& sent, uint64_t silence_ms, bool chunked)
      : ContentSink(stream, sent), silence_ms_(silence_ms), chunked_(chunked) {}
  async::WriteOperation send(http::Chunk&& chunk) override {
    http1::ChunkFraming around;
    if (chunked_) around = http1::frame_chunk(chunk.bytes.size(), chunk.last, chunk.trailers.get());
    return stream().write({std::move(around.before), std::move(chunk.bytes),
                           std::move(around.after), std::move(around.end)},
                          silence_ms_, &sent());
  }
  bool plain() const override { return !chunked_; }
  uint64_t silence_ms() const override { return silence_ms_; }

 private:
  const uint64_t silence_ms_;
  const bool chunked_;
};

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
  UploadSink sink(*connection().stream, upload_sent_, config().write_timeout_ms, chunked);
  auto sent = co_await http::send_content(
      *body, sink, std::move(chunk), {.taken = &content_taken_, .outlasts_silence = &answered_});
  if (!sent) {
    fail_upload(std::move(sent).error());
    co_return false;
  }
  // Content that the origin does not accept is not read any more. The origin may have answered,
  // which the reading side sees; a response that has begun continues.
  if (*sent == -ETIMEDOUT && !answered_) fail_upload(took_nothing());
  if (*sent < 0) co_return false;
  upload_ = Upload::whole;
  co_return true;
}

}  // namespace weir::origin
