#include "origin/http1/http1_connection.h"

#include <cerrno>

#include "origin/http1/http1_exchange.h"

namespace weir::origin {

bool Http1Connection::quiet() {
  async::Readiness& state = stream->readiness();
  if (!input.empty() || state.peer_closed || state.broken) return false;
  if (!state.readable && rested_turn_ != async::EventLoop::current().turns()) return true;
  // After splice, nothing has shown yet that the socket is empty: ask the kernel once.
  char byte;
  const ssize_t n = stream->try_read(&byte, 1);
  if (n == 1) input.put(base::Slice::copy_of({&byte, 1}));
  return n == -EAGAIN;
}

void Http1Connection::watch(base::Callback<> call) {
  watcher_ = call;
  stream->readiness().on_readable =
      call ? base::Callback<>::to<&Http1Connection::something_came>(*this) : base::Callback<>();
}

void Http1Connection::something_came() {
  if (!stream->absorb()) watcher_();
}

void Http1Connection::rest() {
  input.release();
  stream->rest();
  rested_turn_ = async::EventLoop::current().turns();
}

std::unique_ptr<OriginExchange> Http1Connection::exchange(Lease&& lease,
                                                          ExchangeContext&& context) {
  return std::make_unique<Http1Exchange>(std::move(lease), std::move(context));
}

}  // namespace weir::origin
