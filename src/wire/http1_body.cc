#include "wire/http1_body.h"

#include <algorithm>
#include <cerrno>

#include "net/stream/splice.h"

namespace weir::wire {

using http1::Framing;

Http1Body::Http1Body(async::ByteStream& stream, async::Input& input, Framing framing,
                     http1::Side side, bool begins_small)
    : stream_(stream),
      input_(input),
      framing_(framing),
      left_(framing.kind == Framing::Kind::length ? framing.length : UINT64_MAX),
      begins_small_(begins_small),
      flows_(!begins_small) {
  if (framing.kind == Framing::Kind::chunked)
    decoder_ = std::make_unique<http1::ChunkedDecoder>(side);
}

std::optional<uint64_t> Http1Body::known_length() const {
  return framing_.kind == Framing::Kind::length ? std::optional<uint64_t>(framing_.length)
                                                : std::nullopt;
}

base::Result<std::optional<http::Chunk>> Http1Body::decode() {
  http::Chunk chunk;
  if (decoder_) {
    TRY(const auto decoded, decoder_->decode(input().data(), input().size()));
    chunk.bytes = input().take(decoded.consumed).front(decoded.produced);
    chunk.last = decoded.done;
    if (decoder_->mended()) mended(decoder_->mended());
    if (chunk.last) chunk.trailers = decoder_->trailers();
  } else {
    chunk.bytes = input().take(std::min<uint64_t>(left_, input().size()));
    if (framing_.kind == Framing::Kind::length) {
      left_ -= chunk.bytes.size();
      chunk.last = left_ == 0;
    }
  }
  taken(chunk.bytes.size());
  if (chunk.bytes.empty() && !chunk.last) return std::optional<http::Chunk>();
  if (chunk.last) complete();
  return std::optional<http::Chunk>(std::move(chunk));
}

ssize_t Http1Body::fill() {
  const size_t size = begins_small_ && !flows_ ? base::Block::kSmall : base::Block::bulk();
  const auto& block = input().room(std::min(size, base::Block::bulk()));
  const ssize_t n = stream().try_read(block->data(), block->capacity());
  if (n <= 0) return n;
  // Copying and decoding take time by the byte.
  async::EventLoop::current().spend(static_cast<size_t>(n));
  input().filled(static_cast<size_t>(n));
  flows_ = static_cast<size_t>(n) >= base::Block::kSmall;
  return n;
}

std::optional<base::Result<http::Chunk>> Http1Body::take(bool look) {
  if (input().empty() && !ends_at_once()) {
    if (!look || !stream().readiness().readable || !async::EventLoop::current().spend())
      return std::nullopt;
    const ssize_t n = fill();
    if (n == -EAGAIN) return std::nullopt;
    if (n == 0 && framing_.kind == Framing::Kind::until_close) {
      complete();
      return http::Chunk{.last = true};
    }
    if (n <= 0) return std::unexpected(broken(n));
  }
  if (!input().empty()) arrived();
  auto decoded = decode();
  if (!decoded) return std::unexpected(std::move(decoded).error());
  if (!*decoded) return std::nullopt;
  return **std::move(decoded);
}

async::Task<base::Result<http::Chunk>> Http1Body::read() {
  for (bool waited = false;; waited = true) {
    auto ready = waited ? take(true) : try_read();
    if (ready) co_return *std::move(ready);
    // What was there held only framing: more may be there.
    if (!input().empty()) continue;
    input().release();
    const uint64_t deadline_ms = async::EventLoop::current().now_ms() + silence_ms();
    const ssize_t ready_now = co_await stream().until_readable(deadline_ms);
    if (ready_now < 0) co_return std::unexpected(broken(ready_now));
  }
}

bool Http1Body::can_send_to(async::ByteStream& to) const {
  return !decoder_ && flows_ && left_ >= net::kWorthSplicing && input().empty() &&
         base::Account::stand() == base::Memory::enough && stream().plain_descriptor() >= 0 &&
         to.plain_descriptor() >= 0;
}

async::Task<base::Result<http::Sent>> Http1Body::send_to(async::ByteStream& to, uint64_t silence,
                                                         uint64_t* sent, bool* to_failed) {
  /// Also counts what had moved when the task is cancelled.
  struct Count {
    Http1Body& body;
    const uint64_t before;
    const uint64_t* sent;
    ~Count() {
      if (body.framing_.kind == Framing::Kind::length) body.left_ -= *sent - before;
      body.taken(*sent - before);
    }
  };
  input().release();
  net::Spliced result;
  {
    Count count{*this, *sent, sent};
    result = co_await net::splice_bytes(stream(), to, left_, silence_ms(), silence, sent);
  }
  switch (result.why) {
    case net::Spliced::Why::limit: complete(); co_return http::Sent{true};
    case net::Spliced::Why::trickle: flows_ = false; co_return http::Sent{false};
    case net::Spliced::Why::end:
      if (framing_.kind != Framing::Kind::until_close) co_return std::unexpected(broken(0));
      complete();
      co_return http::Sent{true};
    case net::Spliced::Why::from_failed: co_return std::unexpected(broken(result.error));
    case net::Spliced::Why::to_failed: break;
  }
  *to_failed = true;
  co_return std::unexpected(not_taken(result.error));
}

}  // namespace weir::wire
