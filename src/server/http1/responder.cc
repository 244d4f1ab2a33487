#include "server/http1/responder.h"

#include <string>
#include <utility>

#include "codec/http1/slices.h"

namespace weir::server {
namespace {

using base::Slice;
using http::FieldId;

/// Content of at most this size is copied behind the head: one piece is cheaper to send than two.
constexpr size_t kWithHead = 4096;

}  // namespace

base::Result<void> Http1Responder::interim(const http::ResponseHead& head) {
  // HTTP/1.0 has no interim responses (RFC 9110, 15.2).
  if (persistence_.version == http::Version::http_1_0 || client_.answered) return {};
  std::string bytes(http1::size_of(head), '\0');
  bytes.resize(static_cast<size_t>(http1::write_head(bytes.data(), head) - bytes.data()));
  return client_.send_interim(bytes, sent());
}

Http1Responder::Framing Http1Responder::framing_for(Follows follows) const {
  switch (follows) {
    case Follows::known_length: return Framing::length;
    case Follows::unknown_length:
      return persistence_.version == http::Version::http_1_0 ? Framing::until_close
                                                             : Framing::chunked;
    case Follows::nothing:
    case Follows::tunnel: break;
  }
  return Framing::none;
}

bool Http1Responder::may_keep(Follows follows) const {
  return persistence_.keep_alive && follows != Follows::tunnel &&
         framing_ != Framing::until_close && client_.content.complete &&
         !persistence_.pins.ending() && !persistence_.draining;
}

Slice Http1Responder::serialize(const http::ResponseHead& head) {
  Slice bytes = http1::head_slice(head);
  if (client_.pending.empty()) return bytes;
  base::ChargedText all = std::exchange(client_.pending, {});
  all += bytes.view();
  return Slice::copy_of(all);
}

async::WriteOperation Http1Responder::begin(http::ResponseHead& head, Follows follows,
                                            http::Chunk&& first) {
  framing_ = framing_for(follows);
  keeps_ = may_keep(follows);
  http::Fields& fields = head.fields;
  if (framing_ == Framing::chunked)
    fields.add_in_place(name_of(FieldId::transfer_encoding), "chunked", FieldId::transfer_encoding);
  // HTTP/1.0 clients are never kept (RFC 9112, 9.3), so a kept connection needs no Connection
  // field.
  if (!keeps_ && follows != Follows::tunnel)
    fields.add_in_place(name_of(FieldId::connection), "close", FieldId::connection);
  client_.answered = true;
  const bool head_alone = !first.last && first.bytes.empty();
  const auto when = head_alone ? async::WriteWhen::at_once : async::WriteWhen::together;
  Slice bytes = serialize(head);
  if (framing_ == Framing::length && first.bytes.size() <= kWithHead &&
      bytes.append(first.bytes.view())) {
    first.bytes = Slice();
  }
  return write(std::move(bytes), std::move(first), when);
}

async::WriteOperation Http1Responder::send(http::Chunk&& chunk) {
  return write(Slice(), std::move(chunk), async::WriteWhen::together);
}

async::WriteOperation Http1Responder::write(Slice head, http::Chunk&& chunk,
                                            async::WriteWhen when) {
  http1::ChunkFraming around;
  if (framing_ == Framing::chunked)
    around = http1::frame_chunk(chunk.bytes.size(), chunk.last, chunk.trailers.get());
  return stream().write({std::move(head), std::move(around.before), std::move(chunk.bytes),
                         std::move(around.after), std::move(around.end)},
                        silence_ms(), &sent(), when);
}

/// Where closing the connection ends the content, only a reset tells the client that it was cut.
/// With other framing the client sees it: the caller closes the connection.
void Http1Responder::abort() {
  if (framing_ == Framing::until_close) stream().abort();
}

}  // namespace weir::server
