#include "server/http1/respond.h"

#include <cerrno>
#include <charconv>

#include "codec/http1/slices.h"

namespace weir::server {
namespace {

using base::ErrorType;
using base::Slice;
using http::FieldId;

constexpr size_t kWithHead = 4096;

enum class Framing : uint8_t { none, length, chunked, until_close };

base::Error write_error(ssize_t error) {
  if (error == -ETIMEDOUT)
    return base::Error(ErrorType::connection_write_timeout, 408,
                       "The client did not read for too long.");
  return base::Error(ErrorType::client_closed, "The client's connection broke.");
}

bool has_no_content(const RequestFacts& facts, int status) {
  return facts.method == http::Method::head || status < 200 || status == 204 || status == 304;
}

/// Chooses how the client sees where the content ends (RFC 9112, 6.3), and says so in the head.
Framing frame(http::Response& response, const RequestFacts& facts) {
  http::Fields& fields = response.head->fields;
  const int status = response.head->status;
  fields.remove(FieldId::transfer_encoding);
  if (response.tunnel || status < 200 || status == 204) {
    fields.remove(FieldId::content_length);
    return Framing::none;
  }
  if (has_no_content(facts, status)) return Framing::none;
  char digits[24];
  const auto length = response.body ? response.body->known_length() : std::optional<uint64_t>(0);
  if (length) {
    const auto end = std::to_chars(digits, digits + sizeof digits, *length).ptr;
    fields.set(FieldId::content_length, {digits, static_cast<size_t>(end - digits)});
    return Framing::length;
  }
  fields.remove(FieldId::content_length);
  if (facts.version == http::Version::http_1_0) return Framing::until_close;
  fields.add_in_place(name_of(FieldId::transfer_encoding), "chunked", FieldId::transfer_encoding);
  return Framing::chunked;
}

}  // namespace

async::Task<base::Result<Served>> respond(Client& client, http::Exchange& exchange,
                                          http::Response response, RequestFacts facts) {
  http::Fields& fields = response.head->fields;
  const Framing framing = frame(response, facts);
  Served served;
  served.keep = facts.keep_alive && framing != Framing::until_close && !response.tunnel &&
                client.content.complete && (!facts.pins || !facts.pins->ending()) &&
                (!facts.ends || !*facts.ends);
  if (!response.tunnel) {
    // HTTP/1.0 clients are never kept (RFC 9112, 9.3), so a kept connection needs no Connection
    // field.
    if (!served.keep)
      fields.add_in_place(name_of(FieldId::connection), "close", FieldId::connection);
  }
  exchange.status = response.head->status;

  http::Chunk chunk;
  bool have_chunk = false;
  // On an error the head still goes out: only a response that has begun can be cut.
  std::optional<base::Error> failed;
  if (framing == Framing::none) {
    response.body = nullptr;
    chunk.last = true;
  } else if (!response.body) {
    chunk.last = true;
  } else if (auto ready = response.body->try_read()) {
    if (*ready) {
      chunk = **std::move(ready);
      have_chunk = true;
    } else {
      failed = std::move(*ready).error();
    }
  }

  Slice head = http1::head_slice(*response.head);
  response.head = nullptr;
  client.answered = true;
  /// Where closing the connection ends the content, only a reset tells the client that it was cut.
  /// So whatever leaves this function early resets the connection.
  struct Whole {
    async::ByteStream& stream;
    bool known;
    ~Whole() {
      if (!known) stream.abort();
    }
  } whole{client.stream, framing != Framing::until_close};
  const uint64_t silence_ms = client.config.write_timeout_ms;
  if (!client.pending.empty()) {
    Slice pending = Slice::copy_of(std::exchange(client.pending, {}));
    const ssize_t written =
        co_await client.stream.write({std::move(pending)}, silence_ms, &exchange.sent);
    if (written < 0) co_return std::unexpected(write_error(written));
  }
  if (!have_chunk) {
    const ssize_t written = co_await client.stream.write(
        {std::move(head)}, silence_ms, &exchange.sent,
        response.body ? async::WriteWhen::at_once : async::WriteWhen::together);
    if (written < 0) co_return std::unexpected(write_error(written));
    head = Slice();
  }
  if (failed) co_return std::unexpected(*std::move(failed));
  while (response.body) {
    if (!have_chunk) {
      if (framing != Framing::chunked && response.body->can_send_to(client.stream)) {
        bool to_failed = false;
        auto sent =
            co_await response.body->send_to(client.stream, silence_ms, &exchange.sent, &to_failed);
        if (!sent && !to_failed) co_return std::unexpected(std::move(sent).error());
        if (!sent) co_return std::unexpected(write_error(-EPIPE));
        if (sent->last) break;
        continue;
      }
      auto next = response.body->try_read();
      if (!next) next.emplace(co_await response.body->read());
      if (!*next) co_return std::unexpected(std::move(*next).error());
      chunk = **std::move(next);
    }
    have_chunk = false;
    if (framing == Framing::length && !head.empty() && chunk.bytes.size() <= kWithHead &&
        head.append(chunk.bytes.view())) {
      chunk.bytes = Slice();  // One piece is cheaper to send than two.
    }
    const bool last = chunk.last;
    http1::ChunkFraming around;
    if (framing == Framing::chunked)
      around = http1::frame_chunk(chunk.bytes.size(), last, chunk.trailers.get());
    const ssize_t written = co_await client.stream.write(
        {std::move(head), std::move(around.before), std::move(chunk.bytes), std::move(around.after),
         std::move(around.end)},
        silence_ms, &exchange.sent, async::WriteWhen::together);
    if (written < 0) co_return std::unexpected(write_error(written));
    head = Slice();
    chunk = http::Chunk();
    if (last) break;
  }
  whole.known = true;
  served.tunnel = std::move(response.tunnel);
  co_return served;
}

}  // namespace weir::server
