#include "server/http1/client_body.h"

#include <algorithm>
#include <cerrno>

#include "net/stream/splice.h"

namespace weir::server {

using base::ErrorType;

ClientBody::ClientBody(Client& client, http::Exchange& exchange, http1::Framing framing)
    : client_(client), exchange_(exchange), framing_(framing), left_(framing.length) {
  if (framing.kind == http1::Framing::Kind::chunked)
    decoder_ = std::make_unique<http1::ChunkedDecoder>(http1::Side::client);
}

std::optional<uint64_t> ClientBody::known_length() const {
  return decoder_ ? std::nullopt : std::optional<uint64_t>(framing_.length);
}

/// Reads what is there now: after a read that exactly filled its block, the stream may only seem
/// readable. Returns the number of bytes, 0 for the end, or -errno; -EAGAIN also if there is
/// nothing to look for.
ssize_t ClientBody::look() {
  if (!client_.input.empty() || !client_.stream.readiness().readable) return -EAGAIN;
  const auto& block = client_.input.room(std::min(read_size_, base::Block::bulk()));
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

http::Chunk ClientBody::take_length() {
  http::Chunk chunk;
  const size_t n = std::min<uint64_t>(left_, client_.input.size());
  chunk.bytes = client_.input.take(n);
  left_ -= n;
  chunk.last = left_ == 0;
  return chunk;
}

std::optional<base::Result<http::Chunk>> ClientBody::try_read() {
  if (client_.input.empty() && (decoder_ || left_ > 0)) {
    // Bytes that the kernel already has count as ready. Asking for them costs nothing more: that
    // read must be made anyway.
    if (!client_.stream.readiness().readable || !client_.content.begun) return std::nullopt;
    const auto& block = client_.input.room(std::min(read_size_, base::Block::bulk()));
    const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
    if (n == -EAGAIN) return std::nullopt;
    if (n <= 0) return std::unexpected(gone(n));
    client_.input.filled(static_cast<size_t>(n));
    if (static_cast<size_t>(n) == block->capacity()) read_size_ = base::Block::kLarge;
  }
  if (!client_.input.empty()) client_.content.begun = true;
  http::Chunk chunk;
  if (decoder_) {
    base::Slice whole;
    char* data = client_.input.data();
    auto decoded = decoder_->decode(data, client_.input.size());
    if (!decoded) return std::unexpected(std::move(decoded).error());
    base::Slice all = client_.input.take(decoded->consumed);
    chunk.bytes = all.front(decoded->produced);
    chunk.last = decoded->done;
    if (chunk.last) chunk.trailers = decoder_->trailers();
    if (chunk.bytes.empty() && !chunk.last) return std::nullopt;  // Only framing so far.
  } else {
    chunk = take_length();
  }
  exchange_.received += chunk.bytes.size();
  if (chunk.last) client_.content.complete = true;
  return chunk;
}

base::Error ClientBody::gone(ssize_t error) {
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

async::Task<base::Result<http::Chunk>> ClientBody::read() {
  auto& loop = async::EventLoop::current();
  ContentState& content = client_.content;
  if (content.expects_continue && !content.continue_sent && !content.begun &&
      client_.input.empty() && !client_.answered) {
    // Without a 100 the client and Weir would wait for each other.
    const ssize_t n = look();
    if (n != -EAGAIN && n <= 0) co_return std::unexpected(gone(n));
    content.continue_sent = true;
    if (client_.input.empty())
      CO_CHECK(client_.send_interim("HTTP/1.1 100 Continue\r\n\r\n", exchange_.sent));
  }
  for (;;) {
    if (auto ready = try_read()) co_return *std::move(ready);
    if (!client_.input.empty()) continue;
    client_.input.release();
    const uint64_t deadline_ms = loop.now_ms() + client_.config.content_timeout_ms;
    const ssize_t waited = co_await client_.stream.until_readable(deadline_ms);
    if (waited < 0) co_return std::unexpected(gone(waited));
    const auto& block = client_.input.room(std::min(read_size_, base::Block::bulk()));
    const ssize_t n = co_await client_.stream.read(block, 0, deadline_ms);
    if (n <= 0) co_return std::unexpected(gone(n));
    client_.input.filled(static_cast<size_t>(n));
    if (static_cast<size_t>(n) == block->capacity()) read_size_ = base::Block::kLarge;
  }
}

bool ClientBody::can_send_to(async::ByteStream& to) const {
  return !decoder_ && client_.input.empty() && left_ >= net::kWorthSplicing &&
         read_size_ == base::Block::kLarge && base::Account::stand() == base::Memory::enough &&
         client_.stream.plain_descriptor() >= 0 && to.plain_descriptor() >= 0;
}

async::Task<base::Result<http::Sent>> ClientBody::send_to(async::ByteStream& to,
                                                          uint64_t silence_ms, uint64_t* sent,
                                                          bool* to_failed) {
  uint64_t moved = 0;
  struct Count {
    ClientBody& body;
    uint64_t& moved;
    uint64_t* sent;
    ~Count() {
      body.exchange_.received += moved;
      body.left_ -= moved;
      *sent += moved;
    }
  };
  net::Spliced result;
  {
    Count count{*this, moved, sent};
    result = co_await net::splice_bytes(client_.stream, to, left_,
                                        client_.config.content_timeout_ms, silence_ms, &moved);
  }
  switch (result.why) {
    case net::Spliced::Why::limit: client_.content.complete = true; co_return http::Sent{true};
    case net::Spliced::Why::trickle: read_size_ = base::Block::kSmall; co_return http::Sent{false};
    case net::Spliced::Why::end: co_return std::unexpected(gone(0));
    case net::Spliced::Why::from_failed: co_return std::unexpected(gone(result.error));
    case net::Spliced::Why::to_failed: break;
  }
  *to_failed = true;
  if (result.error == -ETIMEDOUT) {
    co_return base::fail(ErrorType::connection_write_timeout,
                         "The site took nothing of the request's content for too long.");
  }
  co_return base::fail(ErrorType::connection_terminated,
                       "The origin's connection broke while content was sent.");
}

}  // namespace weir::server
