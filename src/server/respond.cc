#include "server/respond.h"

#include <cerrno>
#include <charconv>
#include <optional>

namespace weir::server {
namespace {

using base::ErrorType;
using http::FieldId;

base::Error write_error(ssize_t error) {
  if (error == -ETIMEDOUT)
    return base::Error(ErrorType::connection_write_timeout, 408,
                       "The client did not read for too long.");
  return base::Error(ErrorType::client_closed, "The client's connection broke.");
}

/// Says in the head how long the content is (RFC 9110, 8.6), as far as that is known, and drops a
/// body that the response does not have.
Follows settle_content(http::Response& response, http::Method method) {
  http::Fields& fields = response.head->fields;
  const int status = response.head->status;
  fields.remove(FieldId::transfer_encoding);
  if (response.tunnel || status < 200 || status == 204) {
    fields.remove(FieldId::content_length);
    response.body = nullptr;
    return response.tunnel ? Follows::tunnel : Follows::nothing;
  }
  if (method == http::Method::head || status == 304) {
    response.body = nullptr;
    return Follows::nothing;
  }
  const auto length = response.body ? response.body->known_length() : std::optional<uint64_t>(0);
  if (!length) {
    fields.remove(FieldId::content_length);
    return Follows::unknown_length;
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, *length).ptr;
  fields.set(FieldId::content_length, {digits, static_cast<size_t>(end - digits)});
  return Follows::known_length;
}

/// Aborts the response unless it was sent whole, also if the task is destroyed.
struct Whole {
  Responder& responder;
  bool sent = false;
  ~Whole() {
    if (!sent) responder.abort();
  }
};

}  // namespace

async::Task<base::Result<std::unique_ptr<http::Tunnel>>> respond(Responder& responder,
                                                                 http::Exchange& exchange,
                                                                 http::Response response,
                                                                 http::Method method) {
  const Follows follows = settle_content(response, method);
  exchange.status = response.head->status;
  http::Chunk first{.last = !response.body};
  // On an error the head still goes out: only a response that has begun can be cut.
  std::optional<base::Error> failed;
  if (response.body) {
    if (auto ready = response.body->try_read()) {
      if (*ready) {
        first = **std::move(ready);
      } else {
        failed = std::move(*ready).error();
      }
    }
  }
  const bool all = first.last;
  Whole whole{responder};
  ssize_t written;
  {
    async::WriteOperation begin = responder.begin(*response.head, follows, std::move(first));
    response.head = nullptr;  // A slow client should not keep its memory.
    written = co_await begin;
  }
  if (written == 0 && failed) co_return std::unexpected(*std::move(failed));
  if (written == 0 && !all) {
    CO_TRY(written, co_await http::send_content(*response.body, responder));
  }
  if (written < 0) co_return std::unexpected(write_error(written));
  whole.sent = true;
  co_return std::move(response.tunnel);
}

}  // namespace weir::server
