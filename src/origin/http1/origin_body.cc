#include "origin/http1/origin_body.h"

#include <algorithm>
#include <cerrno>

#include "net/stream/splice.h"

namespace weir::origin {

using base::ErrorType;
using http1::Framing;

OriginBody::OriginBody(std::unique_ptr<Http1Exchange> origin, Framing framing)
    : origin_(std::move(origin)),
      framing_(framing),
      left_(framing.kind == Framing::Kind::length ? framing.length : UINT64_MAX) {
  if (framing.kind == Framing::Kind::chunked)
    decoder_ = std::make_unique<http1::ChunkedDecoder>(http1::Side::origin);
}

std::optional<uint64_t> OriginBody::known_length() const {
  return framing_.kind == Framing::Kind::length ? std::optional<uint64_t>(framing_.length)
                                                : std::nullopt;
}

/// Decodes a chunk from the bytes that are there; nothing if they hold only framing.
base::Result<std::optional<http::Chunk>> OriginBody::decode() {
  http::Chunk chunk;
  if (decoder_) {
    TRY(const auto decoded, decoder_->decode(input().data(), input().size()));
    chunk.bytes = input().take(decoded.consumed).front(decoded.produced);
    chunk.last = decoded.done;
    if (decoder_->mended()) origin_->note_mended(decoder_->mended());
    if (chunk.last) chunk.trailers = decoder_->trailers();
  } else {
    chunk.bytes = input().take(std::min<uint64_t>(left_, input().size()));
    if (framing_.kind == Framing::Kind::length) {
      left_ -= chunk.bytes.size();
      chunk.last = left_ == 0;
    }
  }
  if (chunk.bytes.empty() && !chunk.last) return std::optional<http::Chunk>();
  if (chunk.last) complete();
  return std::optional<http::Chunk>(std::move(chunk));
}

void OriginBody::complete() {
  origin_->finish();
}

base::Result<void> OriginBody::look_ahead() {
  if (framing_.kind == Framing::Kind::length && left_ == 0) {
    ahead_.emplace().last = true;
    complete();
    return {};
  }
  if (input().empty()) return {};
  TRY(ahead_, decode());
  return {};
}

async::Task<base::Result<std::unique_ptr<http::Body>>> OriginBody::look_ahead_in_tunnel(
    std::unique_ptr<OriginBody> self) {
  // Decoding works in place, so the raw bytes have to be copied first.
  base::Slice answer = self->origin_->answer_as_it_came();
  if (self->look_ahead()) co_return std::unique_ptr<http::Body>(std::move(self));
  co_return std::unexpected(co_await self->origin_->go_back_with(std::move(answer)));
}

std::optional<base::Result<http::Chunk>> OriginBody::try_read() {
  if (origin_->upload_error()) return std::unexpected(*origin_->upload_error());
  if (ahead_) {
    base::Result<http::Chunk> chunk(*std::move(ahead_));
    ahead_.reset();
    return chunk;
  }
  if (input().empty()) {
    if (!stream().readiness().readable || !async::EventLoop::current().spend()) return std::nullopt;
    const auto& block = input().room(base::Block::bulk());
    const ssize_t n = stream().try_read(block->data(), block->capacity());
    if (n == -EAGAIN) return std::nullopt;
    if (n == 0 && framing_.kind == Framing::Kind::until_close) {
      complete();
      return http::Chunk{.last = true};
    }
    if (n <= 0) return std::unexpected(broken(n));
    async::EventLoop::current().spend(static_cast<size_t>(n));
    input().filled(static_cast<size_t>(n));
    trickles_ = static_cast<size_t>(n) < base::Block::kSmall;
  }
  auto decoded = decode();
  if (!decoded) return std::unexpected(std::move(decoded).error());
  if (!*decoded) return std::nullopt;
  return **std::move(decoded);
}

base::Error OriginBody::broken(ssize_t error) const {
  if (origin_->upload_error()) return *origin_->upload_error();
  const std::string name = origin_->connection().key.authority.text();
  if (error == -ETIMEDOUT)
    return base::Error(ErrorType::connection_read_timeout,
                       name + " sent nothing of its answer for too long.");
  return base::Error(ErrorType::http_response_incomplete,
                     name + " closed the connection before its answer was whole.");
}

async::Task<base::Result<http::Chunk>> OriginBody::read() {
  for (;;) {
    if (auto ready = try_read()) co_return *std::move(ready);
    input().release();
    const uint64_t deadline_ms =
        async::EventLoop::current().now_ms() + origin_->config().content_timeout_ms;
    const ssize_t waited = co_await stream().until_readable(deadline_ms);
    if (waited < 0) co_return std::unexpected(broken(waited));
  }
}

bool OriginBody::can_send_to(async::ByteStream& to) const {
  return !decoder_ && !ahead_ && !trickles_ && left_ >= net::kWorthSplicing &&
         origin_->connection().input.empty() && base::Account::stand() == base::Memory::enough &&
         stream().plain_descriptor() >= 0 && to.plain_descriptor() >= 0;
}

async::Task<base::Result<http::Sent>> OriginBody::send_to(async::ByteStream& to,
                                                          uint64_t silence_ms, uint64_t* sent,
                                                          bool* to_failed) {
  const uint64_t before = *sent;
  input().release();
  const net::Spliced result = co_await net::splice_bytes(
      stream(), to, left_, origin_->config().content_timeout_ms, silence_ms, sent);
  if (framing_.kind == Framing::Kind::length) left_ -= *sent - before;
  switch (result.why) {
    case net::Spliced::Why::limit: complete(); co_return http::Sent{true};
    case net::Spliced::Why::trickle: trickles_ = true; co_return http::Sent{false};
    case net::Spliced::Why::end:
      if (framing_.kind != Framing::Kind::until_close) co_return std::unexpected(broken(0));
      complete();
      co_return http::Sent{true};
    case net::Spliced::Why::from_failed: co_return std::unexpected(broken(result.error));
    case net::Spliced::Why::to_failed: break;
  }
  *to_failed = true;
  co_return base::fail(ErrorType::client_closed, "The client's connection broke.");
}

}  // namespace weir::origin
