// How a protocol sends the response to one request.
#pragma once
#include <cstdint>

#include "http/head.h"
#include "http/send_content.h"

namespace weir::server {

/// What comes after the head of a final response.
enum class Follows : uint8_t {
  nothing,         // The message ends with its head.
  known_length,    // Content-Length bytes of content; perhaps 0.
  unknown_length,  // Content whose end the protocol has to show.
  tunnel,          // Bytes that are no content (a 2xx to CONNECT, or a 101).
};

/// One per request, made by the code that serves the client's connection. The only code that writes
/// a response to a client. First come interim responses, then begin() once, then send() for each
/// further piece of content. Outlives the request's work; used on one worker.
class Responder : public http::ContentSink {
 public:
  using ContentSink::ContentSink;

  /// Sends an interim response (1xx). Never waits: what the client does not take now goes out
  /// before the next head. Does nothing if the client's version has no interim responses or the
  /// final response has begun. An Error means that the client's connection broke, or that too much
  /// waits.
  virtual base::Result<void> interim(const http::ResponseHead& head) = 0;

  /// `auto n = co_await responder.begin(head, follows, std::move(first));` sends the head of the
  /// final response, and in the same write `first`, the content that is ready. `first` is the last
  /// piece if all of the content is in it; it is empty and not the last if none is ready. Adds what
  /// the protocol needs to the head, which is not used after the call. Returns 0, or -errno.
  virtual async::WriteOperation begin(http::ResponseHead& head, Follows follows,
                                      http::Chunk&& first) = 0;

  /// The response ends here and is not whole. If the protocol's framing does not tell the client
  /// so, this resets the stream. Also called, without effect, before begin().
  virtual void abort() = 0;
};

}  // namespace weir::server
