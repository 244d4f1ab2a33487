#include "server/http1/client_body.h"

#include <cerrno>

namespace weir::server {

using base::ErrorType;

/// Reads what is there now: after a read that exactly filled its block, the stream may only seem
/// readable. Returns the number of bytes, 0 for the end, or -errno; -EAGAIN also if there is
/// nothing to look for.
ssize_t ClientBody::look() {
  if (!client_.input.empty() || !client_.stream.readiness().readable) return -EAGAIN;
  const auto& block = client_.input.room(base::Block::kSmall);
  const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
  if (n > 0) client_.input.filled(static_cast<size_t>(n));
  return n;
}

async::Task<void> ClientBody::until_begun() {
  (void)look();  // The next read meets an end or an error again.
  if (!client_.input.empty()) co_return;
  client_.input.release();
  co_await client_.stream.until_readable(async::Deadline::kNever);
}

base::Error ClientBody::broken(ssize_t error) {
  if (error == -ETIMEDOUT && client_.drips) {
    return base::Error(ErrorType::http_request_error, 408,
                       "The request's content came more slowly than it may while others wait.",
                       "limits.lowest_rate");
  }
  if (error == -ETIMEDOUT) {
    return base::Error(ErrorType::http_request_error, 408,
                       "The client sent nothing of the request's content for too long.");
  }
  client_.interrupt.fire("client_closed");
  return base::Error(ErrorType::client_closed, 400,
                     "The client's connection ended inside the request's content.");
}

base::Error ClientBody::not_taken(ssize_t error) const {
  if (error == -ETIMEDOUT) {
    return base::Error(ErrorType::connection_write_timeout,
                       "The site took nothing of the request's content for too long.");
  }
  return base::Error(ErrorType::connection_terminated,
                     "The origin's connection broke while content was sent.");
}

async::Task<base::Result<http::Chunk>> ClientBody::read() {
  ContentState& content = client_.content;
  if (content.expects_continue && !content.continue_sent && !content.begun &&
      client_.input.empty() && !client_.answered) {
    // Without a 100 the client and Weir would wait for each other.
    const ssize_t n = look();
    if (n != -EAGAIN && n <= 0) co_return std::unexpected(broken(n));
    content.continue_sent = true;
    if (client_.input.empty())
      CO_CHECK(client_.send_interim("HTTP/1.1 100 Continue\r\n\r\n", exchange_.sent));
  }
  co_return co_await Http1Body::read();
}

}  // namespace weir::server
