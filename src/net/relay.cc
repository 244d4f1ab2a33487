#include "net/relay.h"

#include <algorithm>
#include <cerrno>

#include "async/signal.h"
#include "net/splice.h"

namespace weir::net {
namespace {

enum class End : uint8_t { ended, client_failed, origin_failed, idle };

struct Shared {
  uint64_t idle_ms;
  uint64_t active_ms;  // When a byte was last seen to move, either way.
  const uint64_t* to_client;
  const uint64_t* to_origin;
  uint64_t counted = 0;

  /// The kernel may have moved bytes the other way without telling.
  bool idle(uint64_t now_ms) {
    const uint64_t all = *to_client + *to_origin;
    if (all != counted) active_ms = now_ms;
    counted = all;
    return now_ms >= active_ms + idle_ms;
  }
};

struct Side {
  async::ByteStream& stream;
  End failed;
};

/// One direction. Small blocks while little comes, large ones when they fill, the kernel alone when those fill too.
async::Task<End> pump(Side from, Side to, base::Slice first, uint64_t* counter, Shared& shared) {
  auto& loop = async::EventLoop::current();
  if (!first.empty()) {
    const ssize_t written = co_await to.stream.write({std::move(first)}, shared.idle_ms, counter);
    if (written < 0) co_return written == -ETIMEDOUT ? End::idle : to.failed;
    shared.active_ms = loop.now_ms();
  }
  const bool plain = from.stream.plain_descriptor() >= 0 && to.stream.plain_descriptor() >= 0;
  size_t size = base::Block::kSmall;
  for (;;) {
    const ssize_t ready = co_await from.stream.until_readable(shared.active_ms + shared.idle_ms);
    if (ready == -ETIMEDOUT) {
      if (!shared.idle(loop.now_ms())) continue;
      co_return End::idle;
    }
    if (ready < 0) co_return from.failed;
    auto block = base::Block::make(std::min(size, base::Block::bulk()));
    const ssize_t n = from.stream.try_read(block->data(), block->capacity());
    if (n == -EAGAIN) continue;
    if (n < 0) co_return from.failed;
    if (n == 0) {
      to.stream.shut_down_writes();
      co_return End::ended;
    }
    shared.active_ms = loop.now_ms();
    const auto got = static_cast<size_t>(n);
    const bool filled = got == block->capacity();
    const bool splices = plain && filled && block->capacity() == base::Block::kLarge;
    const ssize_t written = co_await to.stream.write({base::Slice(std::move(block), 0, got)}, shared.idle_ms, counter);
    if (written < 0) co_return written == -ETIMEDOUT ? End::idle : to.failed;
    shared.active_ms = loop.now_ms();
    if (filled) {
      size = base::Block::kLarge;
    } else if (got < base::Block::kSmall) {
      size = base::Block::kSmall;
    }
    if (!splices) continue;
    const uint64_t before = *counter;
    auto spliced = co_await splice_bytes(from.stream, to.stream, UINT64_MAX, shared.idle_ms, shared.idle_ms, counter);
    if (*counter != before) shared.active_ms = loop.now_ms();
    switch (spliced.why) {
      case Spliced::Why::end:
        to.stream.shut_down_writes();
        co_return End::ended;
      case Spliced::Why::from_failed:
        if (spliced.error != -ETIMEDOUT) co_return from.failed;
        break;
      case Spliced::Why::to_failed: co_return spliced.error == -ETIMEDOUT ? End::idle : to.failed;
      case Spliced::Why::limit:
      case Spliced::Why::trickle: size = base::Block::kSmall;
    }
  }
}

async::Task<void> run(async::Task<End> pump, End& end, bool& done, async::Signal& changed) {
  end = co_await pump;
  done = true;
  changed.notify();
}

}  // namespace

async::Task<base::Result<void>> relay(async::ByteStream& client, async::ByteStream& origin, RelayStart start, uint64_t idle_ms) {
  using base::ErrorType;
  Shared shared{idle_ms, async::EventLoop::current().now_ms(), start.sent_to_client, start.sent_to_origin};
  async::Signal changed;
  End ends[2] = {End::ended, End::ended};
  bool done[2] = {false, false};
  const Side client_side{client, End::client_failed}, origin_side{origin, End::origin_failed};
  auto up = run(pump(client_side, origin_side, std::move(start.for_origin), start.sent_to_origin, shared), ends[0], done[0], changed);
  auto down = run(pump(origin_side, client_side, std::move(start.for_client), start.sent_to_client, shared), ends[1], done[1], changed);
  up.start();
  down.start();
  for (;;) {
    const auto seen = changed.version();
    for (int i = 0; i < 2; ++i) {
      if (!done[i]) continue;
      switch (ends[i]) {
        case End::ended: break;
        case End::client_failed: co_return base::fail(ErrorType::client_closed, 502, "the client's connection broke");
        case End::origin_failed: co_return base::fail(ErrorType::connection_terminated, 502, "the origin's connection broke");
        case End::idle: co_return base::fail(ErrorType::connection_read_timeout, 504, "nothing moved for too long");
      }
    }
    if (done[0] && done[1]) co_return {};
    co_await changed.changed(seen);
  }
}

}  // namespace weir::net
