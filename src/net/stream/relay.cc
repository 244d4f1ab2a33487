#include "net/stream/relay.h"

#include <algorithm>
#include <cerrno>

#include "async/signal.h"
#include "net/stream/splice.h"

namespace weir::net {
namespace {

/// After this much silence a direction gives up its pipe: pipes are few, and occasional bytes need
/// none.
constexpr uint64_t kPipeIdleMs = 1000;
/// Writes have no limit of their own: only run() sees both directions, and one blocked direction
/// does not make a tunnel idle. Half of kNever, so that it can be added to the current time.
constexpr uint64_t kNoLimitMs = async::Deadline::kNever / 2;
/// A reload may bring a higher rate.
constexpr uint64_t kLongestNapMs = 1000;

enum class End : uint8_t { quiet, ended, client_failed, origin_failed, idle, refused };

End after_exception(const End*) {
  return End::origin_failed;
}

/// The direction: towards the origin, or towards the client. Also the index of the side that the
/// bytes come from.
enum Way : uint8_t { up = 0, down = 1 };

base::Result<void> failed(End end) {
  using base::ErrorType;
  switch (end) {
    case End::client_failed:
      return base::fail(ErrorType::client_closed, "The client's connection broke.");
    case End::origin_failed:
      return base::fail(ErrorType::connection_terminated, "The origin's connection broke.");
    default: return base::fail(ErrorType::connection_read_timeout, "Nothing moved for too long.");
  }
}

/// Most tunnels wait most of the time. While a tunnel waits, it holds only this object and run()'s
/// frame. A frame that carries bytes in one direction lives only while there are some.
class Relay final : public base::Pooled, private async::Wait, private async::Root {
 public:
  Relay(async::ByteStream& client, async::ByteStream& origin, RelayStart start, uint64_t idle_ms)
      : sides_{&client, &origin},
        counters_{start.sent_to_origin, start.sent_to_client},
        allowance_(start.allowance),
        idle_ms_(idle_ms),
        active_ms_(now_ms()),
        alarm_(*this) {
    if (start.for_origin.empty() && start.for_client.empty()) return;
    first_ = std::make_unique<First>();
    first_->bytes[up] = std::move(start.for_origin);
    first_->bytes[down] = std::move(start.for_client);
  }
  Relay(const Relay&) = delete;
  ~Relay() {
    for (async::ByteStream* side : sides_) side->readiness().on_readable = {};
    for (auto& pump : pumps_) pump.cancel();
    // Neither side must take a part for the whole. A client is not reset if the origin has ended:
    // the kernel may still be sending it the origin's last bytes.
    if (!ended_[down]) sides_[0]->abort();
    if (!ended_[up] || !ended_[down]) sides_[1]->abort();
  }

  /// `self` points to this object.
  async::Task<base::Result<void>> run(std::unique_ptr<Relay> self);

 private:
  /// The first bytes for each side; freed once the pumps have them.
  struct First : base::Pooled {
    base::Slice bytes[2];
  };
  /// `co_await event` in run(): until a side or the time has something to say that was not looked
  /// at yet.
  struct Event {
    Relay& relay;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) const {
      relay.unlink();
      relay.waiting = handle;
    }
    void await_resume() const {}
  };

  static uint64_t now_ms() { return async::EventLoop::current().now_ms(); }
  void wake() { async::EventLoop::current().make_ready(*this); }
  void finished() noexcept override { wake(); }
  static End failure_of(async::ByteStream* side, const Relay& relay) {
    return side == relay.sides_[0] ? End::client_failed : End::origin_failed;
  }

  base::Allowance* allowance() const { return allowance_ ? allowance_->get() : nullptr; }
  /// Before a portion moves. False: none may any more.
  async::Task<bool> spend(size_t bytes);
  async::Task<void> pause(uint64_t until_ms);
  async::Task<End> pump(Way way, base::Slice first);
  End look(Way way);
  /// Whether nothing has moved for too long. Checks the counters, too: the kernel may have moved
  /// bytes without telling us.
  bool idle();

  async::ByteStream* const sides_[2];
  uint64_t* const counters_[2];
  const base::Ref<base::Allowance>* const allowance_;
  /// Why the allowance ended the tunnel.
  std::unique_ptr<base::Error> refused_;
  std::unique_ptr<First> first_;
  const uint64_t idle_ms_;
  uint64_t active_ms_;  // When a byte was last seen to move, in either direction.
  uint64_t counted_ = 0;
  async::Alarm<Relay, &Relay::wake> alarm_;
  async::Task<End> pumps_[2];
  bool ended_[2] = {false, false};
  uint8_t pauses_ = 0;
};

bool Relay::idle() {
  const uint64_t all = *counters_[up] + *counters_[down];
  if (all != counted_ || pauses_ > 0) active_ms_ = now_ms();
  counted_ = all;
  return now_ms() >= active_ms_ + idle_ms_;
}

async::Task<bool> Relay::spend(size_t bytes) {
  // Before the portion, as content waits, so that both have the same chance of the next one.
  while (allowance() && allowance()->next_ms() > now_ms())
    co_await pause(std::min(allowance()->next_ms(), now_ms() + kLongestNapMs));
  if (!allowance()) co_return true;
  auto spent = allowance()->spend(bytes, now_ms());
  if (spent) co_return true;
  refused_ = std::make_unique<base::Error>(std::move(spent).error());
  co_return false;
}

async::Task<void> Relay::pause(uint64_t until_ms) {
  struct Pause {
    Relay& relay;
    explicit Pause(Relay& of) : relay(of) { ++relay.pauses_; }
    ~Pause() {
      --relay.pauses_;
      relay.active_ms_ = now_ms();
    }
  } pause(*this);
  async::Sleep nap(until_ms);
  co_await nap;
}

/// Carries what has arrived in one direction, until there is no more. Uses small blocks while
/// little arrives, large ones when the small ones fill, and the kernel alone when the large ones
/// fill too.
async::Task<End> Relay::pump(Way way, base::Slice first) {
  async::ByteStream& from = *sides_[way];
  async::ByteStream& to = *sides_[1 - way];
  uint64_t* const counter = counters_[way];
  if (!first.empty()) {
    if (allowance() && !co_await spend(first.size())) co_return End::refused;
    const ssize_t written =
        co_await to.write({std::move(first)}, kNoLimitMs, counter, async::WriteWhen::together);
    if (written < 0) co_return failure_of(&to, *this);
    active_ms_ = now_ms();
  }
  const bool plain = from.plain_descriptor() >= 0 && to.plain_descriptor() >= 0;
  size_t size = base::Block::kSmall;
  for (;;) {
    if (!from.readiness().readable) co_return End::quiet;
    // If much arrives, this takes turns with the rest of the loop.
    const ssize_t ready = co_await from.until_readable(async::Deadline::kNever);
    if (ready < 0) co_return failure_of(&from, *this);
    auto block = base::Block::make(std::min(size, base::Block::bulk()));
    size_t most = block->capacity();
    if (allowance()) most = std::min(most, allowance()->portion());
    const ssize_t n = from.try_read(block->data(), most);
    if (n == -EAGAIN) continue;
    if (n < 0) co_return failure_of(&from, *this);
    if (n == 0) {
      to.shut_down_writes();
      co_return End::ended;
    }
    active_ms_ = now_ms();
    const auto got = static_cast<size_t>(n);
    const bool filled = got == block->capacity();
    const bool splices =
        plain && filled && block->capacity() == base::Block::kLarge && !allowance();
    if (allowance() && !co_await spend(got)) co_return End::refused;
    const ssize_t written = co_await to.write({base::Slice(std::move(block), 0, got)}, kNoLimitMs,
                                              counter, async::WriteWhen::together);
    if (written < 0) co_return failure_of(&to, *this);
    active_ms_ = now_ms();
    if (filled) {
      size = base::Block::kLarge;
    } else if (got < base::Block::kSmall) {
      size = base::Block::kSmall;
    }
    if (!splices) continue;
    const uint64_t before = *counter;
    auto spliced = co_await splice_bytes(from, to, UINT64_MAX, std::min(idle_ms_, kPipeIdleMs),
                                         kNoLimitMs, counter);
    if (*counter != before) active_ms_ = now_ms();
    switch (spliced.why) {
      case Spliced::Why::end: to.shut_down_writes(); co_return End::ended;
      case Spliced::Why::from_failed:
        if (spliced.error != -ETIMEDOUT) co_return failure_of(&from, *this);
        break;
      case Spliced::Why::to_failed: co_return failure_of(&to, *this);
      case Spliced::Why::limit:
      case Spliced::Why::trickle: size = base::Block::kSmall;
    }
  }
}

/// Frees a pump that is done, and starts one if there is something to carry; else sets the stream
/// to wake this relay. Returns what went wrong, or quiet.
End Relay::look(Way way) {
  for (;;) {
    if (async::Task<End>& pump = pumps_[way]) {
      if (!pump.done()) return End::quiet;
      const End end = pump.take();
      pump = {};
      if (end == End::ended) ended_[way] = true;
      if (end != End::ended && end != End::quiet) return end;
    }
    async::Readiness& state = sides_[way]->readiness();
    if (ended_[way]) {
      // A reset after this side's end means that it accepts nothing more either.
      if (state.broken) return failure_of(sides_[way], *this);
      state.on_readable = base::Callback<>::to<&Relay::wake>(*this);
      return End::quiet;
    }
    base::Slice first;
    if (first_) first = std::exchange(first_->bytes[way], {});
    if (!state.readable && first.empty()) {
      state.on_readable = base::Callback<>::to<&Relay::wake>(*this);
      return End::quiet;
    }
    state.on_readable = {};
    pumps_[way] = pump(way, std::move(first));
    pumps_[way].start(this);
  }
}

async::Task<base::Result<void>> Relay::run(std::unique_ptr<Relay> self) {
  // Destroys the relay as soon as it has ended, not when the task is destroyed: until then it could
  // be woken.
  const auto kept = std::move(self);
  for (;;) {
    End end = look(up);
    if (end == End::quiet) end = look(down);
    first_ = nullptr;
    if (ended_[up] && ended_[down]) co_return {};
    if (end == End::quiet && idle()) end = End::idle;
    // Without a reason there was no memory.
    if (end == End::refused && refused_) co_return std::unexpected(std::move(*refused_));
    if (end != End::quiet) co_return failed(end);
    alarm_.set(active_ms_ + idle_ms_);
    co_await Event{*this};
  }
}

}  // namespace

async::Task<base::Result<void>> relay(async::ByteStream& client, async::ByteStream& origin,
                                      RelayStart start, uint64_t idle_ms) {
  auto made = std::make_unique<Relay>(client, origin, std::move(start), idle_ms);
  Relay& itself = *made;
  return itself.run(std::move(made));
}

}  // namespace weir::net
