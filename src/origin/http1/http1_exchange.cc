#include "origin/http1/http1_exchange.h"

#include <cerrno>
#include <utility>

#include "codec/http1/serialize.h"
#include "codec/http1/slices.h"
#include "origin/http1/origin_body.h"
#include "origin/pool/origin_tunnel.h"

namespace weir::origin {

using base::Slice;
using http1::Framing;

namespace {

/// Limit of content that is sent together with the head, before anything is read: small enough for
/// any socket's buffer.
constexpr size_t kWithHead = 16 * 1024;

}  // namespace

Http1Exchange::Http1Exchange(Lease&& lease, ExchangeContext&& context)
    : OriginExchange(std::move(lease)), context_(std::move(context)) {
  context_.record->sender = this;
}

Http1Exchange::~Http1Exchange() {
  if (context_.record->sender == this) context_.record->sender = nullptr;
  upload_task_.cancel();
  if (lease_ && upload_ != Upload::whole) connection().stream->abort();
}

bool Http1Exchange::end_request() {
  if (!lease_ || upload_ != Upload::whole) return false;
  client_ended_ = true;
  connection().stream->shut_down_writes();
  return true;
}

void Http1Exchange::note_mended(const char* what) {
  keep_alive_ = false;
  if (!context_.record->mended) context_.record->mended = what;
}

async::Task<Http1Exchange::Head> Http1Exchange::ask(Asking asking) {
  const http::RequestHead& head = asking.head.head();
  std::unique_ptr<http::Body>& body = asking.body;
  asked_for_100_ = head.fields.has(http::FieldId::expect);
  context_.record->peer = connection().peer;
  context_.record->peer_source = connection().source;
  context_.record->peer_aliases = connection().aliases;
  context_.record->reused_connection = connection().reused;
  const http::Method method = head.method;
  const http::Upgrade upgrade = asking.upgrade;
  const bool chunked = body && !body->known_length();
  const bool expects_continue = asking.expects_continue;
  http::Chunk first;
  if (body && !expects_continue) {
    if (auto ready = body->try_read()) {
      content_taken_ = true;
      if (!*ready) co_return std::unexpected(std::move(*ready).error());
      first = **std::move(ready);
    }
  }
  Slice bytes = http1::head_slice(asking.head, head.target.path);
  if (way_back()) way_back()->head_sent();
  ssize_t written;
  if (!body || (first.last && first.bytes.size() <= kWithHead)) {
    http1::ChunkFraming around;
    if (chunked) around = http1::frame_chunk(first.bytes.size(), true, first.trailers.get());
    written = co_await connection().stream->write(
        {std::move(bytes), std::move(around.before), std::move(first.bytes),
         std::move(around.after), std::move(around.end)},
        config().write_timeout_ms, nullptr, async::WriteWhen::together);
    if (written == 0) upload_ = Upload::whole;
    body = nullptr;
    // After an upgrade, the first bytes of the next protocol wait for the 101.
    if (written == 0 && way_back() && upgrade == http::Upgrade::none) {
      upload_task_ = send_beyond();
      upload_task_.start();
    }
  } else {
    written = co_await connection().stream->write({std::move(bytes)}, config().write_timeout_ms);
    if (written == 0) {
      upload_ = Upload::sending;
      upload_task_ = upload(std::move(body), std::move(first), chunked, expects_continue);
      upload_task_.start();
    }
  }
  // A failed write decides nothing: the origin may have answered before it closed. Only reading
  // tells.
  co_return co_await read_head(method, upgrade);
}

bool Http1Exchange::content_is_empty() const {
  switch (framing_.kind) {
    case Framing::Kind::none: return true;
    case Framing::Kind::length: return framing_.length == 0;
    case Framing::Kind::chunked: return connection().input.view() == http1::kLastChunk;
    case Framing::Kind::until_close: return false;
  }
  return false;
}

Content Http1Exchange::content(std::unique_ptr<OriginExchange> self) {
  // Only chunked content can turn out to be malformed.
  const bool in_tunnel = way_back() && framing_.kind == Framing::Kind::chunked;
  if (!in_tunnel) forget_head();
  self.release();
  auto body = std::make_unique<OriginBody>(std::unique_ptr<Http1Exchange>(this));
  if (in_tunnel) return {nullptr, OriginBody::look_ahead_in_tunnel(std::move(body))};
  if (auto looked = body->look_ahead(); !looked)
    return {std::unexpected(std::move(looked).error())};
  return {std::move(body)};
}

std::unique_ptr<http::Tunnel> Http1Exchange::tunnel(std::unique_ptr<OriginExchange> self,
                                                    uint64_t idle_timeout_ms) {
  self.release();
  const std::unique_ptr<Http1Exchange> until_the_end(this);
  base::Ref<OriginConnection> connection = lease_.take();
  connection->slot.release();
  return std::make_unique<OriginTunnel>(context_.record, std::move(connection), idle_timeout_ms);
}

void Http1Exchange::finish() {
  if (!lease_) return;
  if (client_ended_) keep_alive_ = false;
  const bool is_last =
      went_beyond_ || !keep_alive_ || (lease_.pins() && lease_.pins()->client_is_done);
  const bool whole = upload_ == Upload::whole;
  if (way_back() && whole && (is_last || !connection().quiet())) return go_back();
  if (!whole) return;  // The upload may go on until the client has the whole response.
  if (!keep_alive_ || !connection().input.empty()) return lease_.drop();
  upload_task_.cancel();
  lease_.done();
}

void Http1Exchange::go_back() {
  upload_task_.cancel();
  context_.record->received += beyond_sent_;
  beyond_.drop_front(beyond_sent_);
  http::WayBack& back = *way_back();
  back.give_back(std::move(beyond_));
  back.take(lease_.take());
}

Slice Http1Exchange::answer_as_it_came() {
  base::ChargedText answer = std::exchange(head_as_it_came_, {});
  answer += connection().input.view();
  return answer.empty() ? Slice() : Slice::copy_of(answer);
}

async::Task<base::Error> Http1Exchange::go_back_with(Slice answer) {
  // The request's content that is being sent has our own framing, so it must be complete before raw
  // bytes may follow it.
  if (upload_ == Upload::gated) upload_task_.cancel();
  const base::Error relayed = base::Error(base::ErrorType::client_closed,
                                          "The origin's answer is no HTTP; the tunnel relays it.")
                                  .without_answer();
  while (uploading()) {
    // The client may wait for the answer before it sends the rest of its content.
    if (!answer.empty() && context_.record->pass(answer.view())) answer = Slice();
    co_await until_uploaded(answer.empty());
    if (answer.empty() && uploading()) answer = read_more_of_answer();
  }
  if (upload_error_) co_return relayed;
  connection().input.take_all();
  connection().input.put(answer);
  go_back();
  co_return relayed;
}

async::Task<void> Http1Exchange::until_uploaded(bool or_readable) {
  struct Wait {
    static async::Task<bool> for_upload(Http1Exchange& self) {
      for (auto seen = self.uploaded_.version(); self.uploading(); seen = self.uploaded_.version())
        co_await self.uploaded_.changed(seen);
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
    co_await async::first_of(Wait::for_upload(*this), Wait::for_answer(*connection().stream));
  }
}

Slice Http1Exchange::read_more_of_answer() {
  auto block = base::Block::make(base::Block::kSmall);
  const ssize_t n = connection().stream->try_read(block->data(), block->capacity());
  if (n == -EAGAIN) return Slice();
  answer_ended_ = n <= 0;
  return n > 0 ? Slice(std::move(block), 0, static_cast<size_t>(n)) : Slice();
}

}  // namespace weir::origin
