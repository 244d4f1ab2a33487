#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "async/event_loop.h"
#include "async/mailbox.h"
#include "async/signal.h"
#include "async/stream_fake.h"
#include "base/clock.h"

namespace weir::async {
namespace {

Task<int> seven() {
  co_return 7;
}
Task<int> after(Signal& signal, int value) {
  co_await signal.changed(signal.version());
  co_return value;
}
Task<base::Result<int>> throws() {
  throw std::runtime_error("thrown");
  co_return 1;
}
Task<void> put(Task<int> task, int& to) {
  const int got = co_await task;
  to = got;
}

void run(EventLoop& loop) {
  while (!loop.idle()) loop.turn(0);
}

TEST(Task, AChildThatEndsAtOnceDoesNotSuspend) {
  EventLoop loop;
  int got = 0;
  auto task = put(seven(), got);
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(got, 7);
}

TEST(Task, AnExceptionBecomesAnError) {
  EventLoop loop;
  const auto before = exceptions_caught();
  auto task = throws();
  task.start();
  const auto result = task.take();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().type(), base::ErrorType::proxy_internal_error);
  EXPECT_EQ(result.error().detail(), "thrown");
  EXPECT_EQ(exceptions_caught(), before + 1);
}

struct Answer {
  int value = 0;
};
Answer after_exception(const Answer*) {
  return {9};
}

template <class T>
Task<T> without_memory() {
  throw std::bad_alloc();
  co_return T{};
}
template <class T>
T after_no_memory() {
  EventLoop loop;
  auto task = without_memory<T>();
  task.start();
  return task.take();
}

TEST(Task, WithoutMemoryEveryKindOfTaskEndsAndThatIsAll) {
  const auto before = exceptions_caught();
  EXPECT_EQ(after_no_memory<int>(), -ENOMEM);
  EXPECT_EQ(after_no_memory<ssize_t>(), -ENOMEM);
  EXPECT_FALSE(after_no_memory<bool>());
  EXPECT_EQ(after_no_memory<Answer>().value, 9);
  const auto error = after_no_memory<std::optional<base::Error>>();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->status(), 503);
  const auto result = after_no_memory<base::Result<int>>();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail(), "The system has no memory left.");
  EXPECT_EQ(exceptions_caught(), before + 6);
}

TEST(FirstOf, TheOtherIsDestroyed) {
  EventLoop loop;
  Signal a, b;
  int got = 0;
  TaskScope scope;
  scope.spawn(put(first_of(after(a, 1), after(b, 2)), got));
  b.notify();
  run(loop);
  EXPECT_EQ(got, 2);
  EXPECT_EQ(scope.size(), 0u);
  a.notify();
  run(loop);
  EXPECT_EQ(got, 2);
}

Task<void> under(Task<int> task, Interrupt& interrupt, std::string& log) {
  auto result = co_await Until<int>(std::move(task), interrupt);
  log += result ? std::to_string(*result) : interrupt.reason();
}

TEST(Until, EndsWithTheResultOrTheReason) {
  EventLoop loop;
  Signal signal;
  for (const bool fires : {false, true}) {
    Interrupt interrupt;
    std::string log;
    TaskScope scope;
    scope.spawn(under(after(signal, 5), interrupt, log));
    if (fires) interrupt.fire("shed");
    signal.notify();
    run(loop);
    // Both happen in one turn: exactly one of them wins, whichever the loop handles first.
    EXPECT_TRUE(log == "5" || log == "shed") << log;
    if (!fires) EXPECT_EQ(log, "5");
  }
  Interrupt fired;
  fired.fire("early");
  std::string log;
  TaskScope scope;
  scope.spawn(under(seven(), fired, log));
  EXPECT_EQ(log, "early");
}

TEST(TaskScope, OutlivesNoneOfItsTasks) {
  EventLoop loop;
  struct Alive {
    int& count;
    explicit Alive(int& count) : count(++count) {}
    Alive(Alive&& other) noexcept : count(++other.count) {}
    ~Alive() { --count; }
  };
  int alive = 0;
  Signal never;
  auto waits = [](Alive, Signal& never) -> Task<void> { co_await never.changed(never.version()); };
  auto ends = [](Alive) -> Task<void> { co_await Yield(); };
  {
    TaskScope scope;
    for (int i = 0; i < 3; ++i) scope.spawn(waits(Alive(alive), never));
    scope.spawn(ends(Alive(alive)));
    run(loop);
    EXPECT_EQ(alive, 3);
    scope.spawn(ends(Alive(alive)));
  }
  run(loop);
  EXPECT_EQ(alive, 0);
}

TEST(TimerWheel, EveryDeadlineComesOnceNeverEarlyAndAtMostATickLate) {
  struct Alarm : Deadline {
    Alarm()
        : Deadline([](Deadline& d) {
            static_cast<Alarm&>(d).fired.push_back(*static_cast<Alarm&>(d).clock);
          }) {}
    uint64_t wanted = 0;
    const uint64_t* clock = nullptr;
    std::vector<uint64_t> fired;
  };
  std::mt19937_64 random(7);
  const std::vector<uint64_t> spans{
      1, 8, 500, 512, 513, 30'000, 40'000, 2'000'000, 9'000'000, 100'000'000, 20'000'000'000};
  for (const uint64_t start : {uint64_t{0}, uint64_t{1} << 20, (uint64_t{1} << 33) - 12345}) {
    TimerWheel wheel(start);
    EXPECT_EQ(wheel.next_ms(), Deadline::kNever);
    uint64_t clock = start;
    std::vector<std::unique_ptr<Alarm>> alarms;
    for (int i = 0; i < 500; ++i) {
      auto& alarm = *alarms.emplace_back(std::make_unique<Alarm>());
      alarm.clock = &clock;
      alarm.wanted = start + 1 + random() % spans[random() % spans.size()];
      alarm.set(alarm.wanted, wheel);
    }
    while (wheel.next_ms() != Deadline::kNever) {
      // No deadline may expire before the time that the wheel reports. Some rounds ask late, or in
      // between.
      const uint64_t next = wheel.next_ms();
      ASSERT_GT(next, clock);
      clock = random() % 4 == 0 ? clock + 1 + random() % (next - clock) : next;
      wheel.advance(clock);
    }
    for (const auto& alarm : alarms) {
      ASSERT_EQ(alarm->fired.size(), 1u);
      EXPECT_GE(alarm->fired[0], alarm->wanted);
      EXPECT_LE(alarm->fired[0], alarm->wanted + TimerWheel::kTickMs);
    }
  }
}

TEST(Deadline, MovedLaterIsNotEarlyAndClearedIsNever) {
  EventLoop loop;
  struct Alarm : Deadline {
    Alarm() : Deadline([](Deadline& d) { ++static_cast<Alarm&>(d).count; }) {}
    int count = 0;
  };
  Alarm moved, cleared, kept;
  const uint64_t now = loop.now_ms();
  moved.set(now + 20);
  moved.set(now + 200);
  cleared.set(now + 20);
  cleared.clear();
  kept.set(now + 20);
  kept.set(now + 5);  // Earlier: it must move.
  while (base::monotonic_ms() < now + 100) loop.turn(10);
  EXPECT_EQ(moved.count, 0);
  EXPECT_EQ(cleared.count, 0);
  EXPECT_EQ(kept.count, 1);
  while (base::monotonic_ms() < now + 260) loop.turn(10);
  EXPECT_EQ(moved.count, 1);
}

Task<void> echo(ByteStream& stream, ssize_t& ended) {
  for (;;) {
    auto block = base::Block::make(8);
    const ssize_t n = co_await stream.read(block, 0, EventLoop::current().now_ms() + 50);
    if (n <= 0) {
      ended = n;
      co_return;
    }
    base::Slice slice(std::move(block), 0, static_cast<size_t>(n));
    const ssize_t written = co_await stream.write(
        {base::Slice::of_static("<"), slice, base::Slice::of_static(">")}, 10'000);
    if (written < 0) {
      ended = written;
      co_return;
    }
  }
}

TEST(ByteStream, WaitsForWindowsDeadlinesAndInterrupts) {
  EventLoop loop;
  MemoryStream stream;
  ssize_t ended = 1;
  TaskScope scope;
  scope.spawn(echo(stream, ended));
  stream.incoming = "0123456789";
  stream.window = 5;
  stream.readiness().became_readable();
  run(loop);
  EXPECT_EQ(stream.sent, "<0123");
  stream.window = SIZE_MAX;
  stream.readiness().became_writable();
  run(loop);
  EXPECT_EQ(stream.sent, "<01234567><89>");
  EXPECT_EQ(ended, 1);
  while (ended == 1) loop.turn(-1);
  EXPECT_EQ(ended, -ETIMEDOUT);
  ended = 1;
  scope.spawn(echo(stream, ended));
  stream.readiness().interrupt();
  run(loop);
  EXPECT_EQ(ended, -ECANCELED);
}

TEST(ByteStream, WhatIsAlwaysReadyLetsOthersRun) {
  EventLoop loop;
  MemoryStream greedy, other;
  ssize_t ended = 1;
  TaskScope scope;
  greedy.incoming = std::string(100'000, 'g');
  greedy.readiness().readable = true;
  other.incoming = "o";
  other.readiness().readable = true;
  scope.spawn(echo(greedy, ended));
  scope.spawn(echo(other, ended));
  loop.turn(0);
  EXPECT_GT(greedy.incoming.size(), 99'000u);
  EXPECT_EQ(other.sent, "<o>");
}

TEST(ByteStream, WhatHasComeCountsAlsoWhereItsTimeIsOver) {
  EventLoop loop;
  MemoryStream late;
  ssize_t ended = 1;
  TaskScope scope;
  scope.spawn(echo(late, ended));
  loop.turn(0);
  // As after a suspend: the deadline and the bytes come in the same turn.
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  late.arrive("come");
  loop.turn(0);
  EXPECT_EQ(late.sent, "<come>");
  EXPECT_EQ(ended, 1);
  while (ended == 1) loop.turn(-1);
  EXPECT_EQ(ended, -ETIMEDOUT);
}

Task<void> write_pieces(ByteStream& stream, std::vector<std::string> texts, uint64_t silence_ms,
                        uint64_t& sent, ssize_t& result) {
  std::vector<base::Slice> pieces;
  for (const std::string& text : texts)
    pieces.push_back(text.empty() ? base::Slice() : base::Slice::copy_of(text));
  pieces.resize(WriteOperation::kMaxPieces);
  result = co_await stream.write({pieces[0], pieces[1], pieces[2], pieces[3], pieces[4]},
                                 silence_ms, &sent);
}

TEST(WriteOperation, WhatGetsOnInTheTurnOfItsAlarmIsNotOver) {
  EventLoop loop;
  MemoryStream slow;
  slow.window = 2;
  uint64_t sent = 0;
  ssize_t result = 1;
  TaskScope scope;
  scope.spawn(write_pieces(slow, {"123456"}, 100, sent, result));
  loop.turn(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  slow.window = 4;
  slow.readiness().became_writable();
  loop.turn(0);
  EXPECT_EQ(slow.sent, "1234");
  EXPECT_EQ(result, 1);
  while (result == 1) loop.turn(-1);
  EXPECT_EQ(result, -ETIMEDOUT);
}

/// Records in order: each try_write of a stream, and each task that goes on after it.
struct Order {
  std::string seen;
  struct Stream final : ByteStream {
    Stream(Order& order, char name) : order(order), name(name) {}
    ssize_t try_read(char*, size_t) override { return -EAGAIN; }
    ssize_t try_write(const iovec* pieces, int) override {
      order.seen += name;
      if (!full) return static_cast<ssize_t>(pieces[0].iov_len);
      readiness().writable = false;
      return -EAGAIN;
    }
    void shut_down_writes() override {}
    void abort() override {}
    Order& order;
    const char name;
    bool full = false;
  };
  Task<void> write(Stream& stream, size_t size, WriteWhen when, ssize_t& result) {
    result =
        co_await stream.write({base::Slice::copy_of(std::string(size, 'x'))}, 1000, nullptr, when);
    seen += static_cast<char>(stream.name - 'a' + 'A');
  }
  Task<void> note(char what) {
    co_await Yield();
    seen += what;
  }
};

TEST(WriteOperation, SmallOnesGoOutTogetherBehindAllThatIsReady) {
  EventLoop loop;
  Order order;
  Order::Stream a(order, 'a'), b(order, 'b'), c(order, 'c'), large(order, 'l');
  ssize_t results[4] = {1, 1, 1, 1};
  TaskScope scope;
  b.full = true;
  scope.spawn(order.write(a, 10, WriteWhen::together, results[0]));
  scope.spawn(order.write(b, 4096, WriteWhen::together, results[1]));
  scope.spawn(order.write(large, 4097, WriteWhen::together, results[2]));
  EXPECT_EQ(order.seen, "lL") << "what is not small does not wait";
  EXPECT_FALSE(loop.idle());
  scope.spawn(order.note('1'));
  scope.spawn(order.write(c, 10, WriteWhen::together, results[3]));
  scope.spawn(order.note('2'));
  EXPECT_TRUE(loop.turn(-1)) << "it does not sleep over them";
  EXPECT_EQ(order.seen, "lL12abcAC")
      << "all are tried before the first goes on, and the full one waits";
  EXPECT_TRUE(loop.idle());
  b.full = false;
  b.readiness().became_writable();
  loop.turn(0);
  EXPECT_EQ(order.seen, "lL12abcACbB");
  for (const ssize_t result : results) EXPECT_EQ(result, 0);
}

TEST(WriteOperation, OneThatIsCancelledOrInterruptedBeforeItsTurnSendsNothing) {
  EventLoop loop;
  Order order;
  Order::Stream a(order, 'a'), b(order, 'b'), c(order, 'c');
  ssize_t results[3] = {1, 1, 1};
  {
    TaskScope scope;
    scope.spawn(order.write(a, 10, WriteWhen::together, results[0]));
  }
  TaskScope scope;
  scope.spawn(order.write(b, 10, WriteWhen::together, results[1]));
  scope.spawn(order.write(c, 10, WriteWhen::together, results[2]));
  b.readiness().interrupt();
  loop.turn(0);
  EXPECT_EQ(order.seen, "cBC");
  EXPECT_EQ(results[0], 1);
  EXPECT_EQ(results[1], -ECANCELED);
  EXPECT_EQ(results[2], 0);
}

TEST(WriteOperation, OneThatHasBeenSentMayStillBeCancelled) {
  EventLoop loop;
  Order order;
  Order::Stream a(order, 'a'), b(order, 'b');
  ssize_t results[2] = {1, 1};
  auto others = std::make_unique<TaskScope>();
  // The first task to go on destroys the second, whose bytes are already written.
  struct Ender {
    static Task<void> run(Order& order, Order::Stream& stream, std::unique_ptr<TaskScope>& others,
                          ssize_t& result) {
      co_await order.write(stream, 10, WriteWhen::together, result);
      others = nullptr;
    }
  };
  TaskScope scope;
  scope.spawn(Ender::run(order, a, others, results[0]));
  others->spawn(order.write(b, 10, WriteWhen::together, results[1]));
  loop.turn(0);
  EXPECT_EQ(order.seen, "abA");
  EXPECT_EQ(results[1], 1);
}

TEST(WriteOperation, PartsOfSeveralPiecesGoOutInOrderHoweverTheyAreCut) {
  EventLoop loop;
  const std::vector<std::string> texts{"head", "", "content", "x", "end."};
  const std::string all = "headcontentxend.";
  for (size_t step = 1; step <= all.size() + 1; ++step) {
    MemoryStream stream;
    stream.window = 0;
    uint64_t sent = 100;  // write_pieces adds to it.
    ssize_t result = 1;
    TaskScope scope;
    scope.spawn(write_pieces(stream, texts, 1000, sent, result));
    EXPECT_EQ(result, 1);
    while (result == 1) {
      stream.window += step;
      stream.readiness().became_writable();
      run(loop);
      ASSERT_EQ(stream.sent, all.substr(0, stream.window)) << step;
      ASSERT_EQ(sent, 100 + stream.sent.size()) << step;
    }
    EXPECT_EQ(result, 0);
    EXPECT_EQ(stream.sent, all);
  }
  MemoryStream stream;
  uint64_t sent = 0;
  ssize_t result = 1;
  TaskScope scope;
  scope.spawn(write_pieces(stream, {}, 1000, sent, result));
  EXPECT_EQ(result, 0) << "nothing to write is written";
}

TEST(WriteOperation, TheCountIsRightWhateverEndsIt) {
  EventLoop loop;
  enum class How : uint8_t { cancelled, interrupted, silence };
  for (const How how : {How::cancelled, How::interrupted, How::silence}) {
    MemoryStream stream;
    stream.window = 6;
    uint64_t sent = 0;
    ssize_t result = 1;
    TaskScope scope;
    scope.spawn(write_pieces(stream, {"head", "content"}, 30, sent, result));
    run(loop);
    EXPECT_EQ(sent, 6u);
    EXPECT_GT(base::block_bytes_in_use(), 0u) << "a write owns what it writes";
    if (how == How::cancelled) scope.cancel_all();
    if (how == How::interrupted) stream.readiness().interrupt();
    if (how == How::silence) {
      while (result == 1) loop.turn(-1);
    }
    run(loop);
    EXPECT_EQ(result, how == How::cancelled     ? 1
                      : how == How::interrupted ? -ECANCELED
                                                : -ETIMEDOUT);
    EXPECT_EQ(scope.size(), 0u);
    EXPECT_EQ(base::block_bytes_in_use(), 0u);
    stream.window = 100;
    stream.readiness().became_writable();
    run(loop);
    EXPECT_EQ(stream.sent, "headco") << "nothing goes out after it";
    EXPECT_EQ(sent, 6u);
  }
}

TEST(WriteOperation, EachByteThatIsTakenMovesTheDeadline) {
  EventLoop loop;
  MemoryStream stream;
  stream.window = 1;
  uint64_t sent = 0;
  ssize_t result = 1;
  TaskScope scope;
  scope.spawn(write_pieces(stream, {"slowly"}, 1000, sent, result));
  const uint64_t began = base::monotonic_ms();
  while (result == 1 && stream.window < 6) {
    for (const uint64_t until = base::monotonic_ms() + 220; base::monotonic_ms() < until;)
      loop.turn(5);
    ++stream.window;
    stream.readiness().became_writable();
    run(loop);
  }
  EXPECT_EQ(result, 0);
  EXPECT_GT(base::monotonic_ms(), began + 1000);
}

TEST(ReadOperation, CancelledItLeavesBytesAndNoBlock) {
  EventLoop loop;
  MemoryStream stream;
  ssize_t ended = 1;
  TaskScope scope;
  scope.spawn(echo(stream, ended));
  run(loop);
  EXPECT_GT(base::block_bytes_in_use(), 0u);
  scope.cancel_all();
  EXPECT_EQ(base::block_bytes_in_use(), 0u);
  stream.arrive("bytes");
  run(loop);
  EXPECT_EQ(stream.incoming, "bytes");
  EXPECT_EQ(stream.sent, "");
}

TEST(Readiness, WhoWaitsHearsOfABreakOnce) {
  EventLoop loop;
  MemoryStream stream;
  Interrupt interrupt;
  stream.readiness().on_broken = &interrupt;
  int edges = 0;
  const auto count = [&edges] { ++edges; };
  stream.readiness().on_readable = base::Callback<>::to<&decltype(count)::operator()>(count);
  stream.arrive("x");
  EXPECT_EQ(edges, 1);
  EXPECT_FALSE(interrupt.fired());
  stream.readiness().became_broken();
  EXPECT_EQ(edges, 2);
  ASSERT_TRUE(interrupt.fired());
  EXPECT_STREQ(interrupt.reason(), "client_closed");
  interrupt.fire("too late");
  EXPECT_STREQ(interrupt.reason(), "client_closed");
}

TEST(Mailbox, LettersFromOtherThreadsComeAllAndInEachSendersOrder) {
  EventLoop loop;
  Mailbox mailbox;
  constexpr int kThreads = 4, kLetters = 500;
  const auto home = std::this_thread::get_id();
  std::vector<std::vector<int>> got(kThreads);
  int wrong_thread = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLetters; ++i) {
        mailbox.post([&, t, i] {
          wrong_thread += std::this_thread::get_id() != home;
          got[static_cast<size_t>(t)].push_back(i);
        });
      }
    });
  }
  const uint64_t end = base::monotonic_ms() + 10'000;
  const auto all = [&] {
    return std::ranges::all_of(got, [](const auto& letters) { return letters.size() == kLetters; });
  };
  while (!all() && base::monotonic_ms() < end) loop.turn(100);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_thread, 0);
  for (const auto& letters : got) {
    ASSERT_EQ(letters.size(), static_cast<size_t>(kLetters));
    EXPECT_TRUE(std::ranges::is_sorted(letters));
  }
}

TEST(Mailbox, WakesASleepingLoopAndStopsIt) {
  EventLoop loop;
  Mailbox mailbox;
  Signal signal;
  int got = 0;
  TaskScope scope;
  scope.spawn(put(after(signal, 3), got));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    mailbox.post([&] { signal.notify(); });
    // A message that a message posts is delivered too.
    mailbox.post([&] { mailbox.post([&] { loop.stop(); }); });
  });
  loop.run();
  other.join();
  run(loop);
  EXPECT_EQ(got, 3);
}

TEST(Mailbox, WhatIsStillInItGoesWithIt) {
  EventLoop loop;
  auto kept = std::make_shared<int>(1);
  {
    Mailbox mailbox;
    mailbox.post([kept] {});
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
  loop.turn(0);
}

}  // namespace
}  // namespace weir::async
