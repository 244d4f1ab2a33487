// Sends a message's content on: the one loop from a body to a connection, on either side of the
// proxy and for every protocol.
#pragma once
#include <sys/types.h>

#include <cstdint>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/error.h"
#include "http/body.h"

namespace weir::http {

/// Where one message goes: the protocol's framing, on the stream that this message has. For HTTP/1
/// that is the connection; for a protocol with many messages on one connection it is a ByteStream
/// of the message's own, whose try_write() makes frames and obeys flow control. Owned by the code
/// that sends the message; it and the stream outlive the operations. Used on one worker.
class ContentSink {
 public:
  /// `sent` is raised by the bytes that go out.
  ContentSink(async::ByteStream& stream, uint64_t& sent) : stream_(stream), sent_(sent) {}
  ContentSink(const ContentSink&) = delete;
  virtual ~ContentSink() = default;

  /// `auto n = co_await sink.send(std::move(chunk));` sends one piece, framed; the last one ends
  /// the message, with its trailers. Returns 0, or -errno, as ByteStream::write does. It is an
  /// operation and no task, so that a piece costs no coroutine frame. One at a time.
  virtual async::WriteOperation send(Chunk&& chunk) = 0;
  /// True if the content's bytes may go to stream() as they are, so that the kernel can move them
  /// (Body::send_to). False where framing stands between them.
  virtual bool plain() const = 0;
  /// How long stream() may take nothing.
  virtual uint64_t silence_ms() const = 0;

  async::ByteStream& stream() const { return stream_; }
  uint64_t& sent() const { return sent_; }

 private:
  async::ByteStream& stream_;
  uint64_t& sent_;
};

/// What the caller of send_content() wants to know or to decide. Both outlive the task; null: no.
struct SendOptions {
  /// Becomes true before the body is read: content was taken, so the request can't be repeated.
  bool* taken = nullptr;
  /// While it points to true, the body's silence (408) is no error: reading goes on. For a
  /// request's content whose answer has begun already.
  const bool* outlasts_silence = nullptr;
};

/// Sends `first`, unless it is empty and not the last, and then the rest of `body`, to its end.
/// Returns 0 if all of it was sent; -errno if the sink failed; the Error if the body failed.
/// Nothing is held back: each piece has been sent before the next one is waited for.
async::Task<base::Result<ssize_t>> send_content(Body& body, ContentSink& sink, Chunk first = {},
                                                SendOptions options = {});

}  // namespace weir::http
