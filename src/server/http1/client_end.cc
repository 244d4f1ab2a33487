#include "server/http1/client_end.h"

namespace weir::server {

ClientEnd::ClientEnd(Client& client, http::Exchange& exchange)
    : client_(client), exchange_(exchange) {
  async::Readiness& state = client_.stream.readiness();
  state.on_readable = base::Callback<>::to<&ClientEnd::something_came>(*this);
  // An end that has already come causes no new edge, and while content is read its reader gets the
  // events. In both cases the alarm has to look.
  if (state.peer_closed || !client_.content.complete) look_again();
}

ClientEnd::~ClientEnd() {
  client_.stream.readiness().on_readable = {};
}

void ClientEnd::something_came() {
  if (client_.stream.readiness().peer_closed) look_again();
}

void ClientEnd::look_again() {
  alarm_.set(async::EventLoop::current().now_ms() + kGraceMs);
}

void ClientEnd::look() {
  if (!client_.content.complete) return look_again();
  if (!client_.stream.readiness().peer_closed || !at_its_end()) return;
  // The origin may not have the whole request yet: try again later.
  if (!exchange_.end_request()) look_again();
}

bool ClientEnd::at_its_end() {
  if (!client_.input.empty()) return false;
  const auto& block = client_.input.room(base::Block::kSmall);
  const ssize_t n = client_.stream.try_read(block->data(), block->capacity());
  if (n > 0) client_.input.filled(static_cast<size_t>(n));
  client_.input.release();
  return n == 0;
}

}  // namespace weir::server
