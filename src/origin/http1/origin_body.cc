#include "origin/http1/origin_body.h"

#include <cerrno>

namespace weir::origin {

using base::ErrorType;

base::Result<void> OriginBody::look_ahead() {
  if (ends_at_once()) {
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
  return take(true);
}

/// A client that has not read for so long counts as gone.
base::Error OriginBody::not_taken(ssize_t) const {
  return base::Error(ErrorType::client_closed, "The client's connection broke.");
}

base::Error OriginBody::broken(ssize_t error) {
  if (origin_->upload_error()) return *origin_->upload_error();
  const std::string name = origin_->connection().key.authority.text();
  if (error == -ETIMEDOUT)
    return base::Error(ErrorType::connection_read_timeout,
                       name + " sent nothing of its answer for too long.");
  return base::Error(ErrorType::http_response_incomplete,
                     name + " closed the connection before its answer was whole.");
}

}  // namespace weir::origin
