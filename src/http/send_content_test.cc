#include "http/send_content.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <string>

#include "async/stream_fake.h"

namespace weir::http {
namespace {

using async::MemoryStream;
using base::ErrorType;

base::Error silence() {
  return {ErrorType::http_request_error, 408, "The client sent nothing."};
}

/// Content that the test makes arrive.
class Scripted final : public Body {
 public:
  async::Task<base::Result<Chunk>> read() override {
    for (auto seen = came.version(); pieces.empty(); seen = came.version()) {
      ++waits;
      co_await came.changed(seen);
    }
    co_return *try_read();
  }
  std::optional<base::Result<Chunk>> try_read() override {
    if (pieces.empty()) return std::nullopt;
    base::Result<Chunk> piece = std::move(pieces.front());
    pieces.pop_front();
    return piece;
  }
  bool can_send_to(async::ByteStream&) const override { return !moves.empty(); }
  async::Task<base::Result<Sent>> send_to(async::ByteStream&, uint64_t, uint64_t* sent,
                                          bool* to_failed) override {
    const Move move = std::move(moves.front());
    moves.pop_front();
    *sent += move.bytes;
    *to_failed = move.to_failed;
    co_return move.result;
  }

  void add(std::string_view text, bool last = false) {
    pieces.emplace_back(Chunk{.bytes = base::Slice::copy_of(text), .last = last});
    came.notify();
  }
  void fail(base::Error error) {
    pieces.emplace_back(std::unexpected(std::move(error)));
    came.notify();
  }

  struct Move {
    uint64_t bytes = 0;
    base::Result<Sent> result;
    bool to_failed = false;
  };
  std::deque<base::Result<Chunk>> pieces;
  std::deque<Move> moves;
  async::Signal came;
  int waits = 0;
};

/// Frames each piece as `[piece]`, and the end as `.`.
class Brackets final : public ContentSink {
 public:
  using ContentSink::ContentSink;
  async::WriteOperation send(Chunk&& chunk) override {
    using base::Slice;
    return stream().write({Slice::of_static("["), std::move(chunk.bytes), Slice::of_static("]"),
                           chunk.last ? Slice::of_static(".") : Slice()},
                          silence_ms(), &sent());
  }
  bool plain() const override { return is_plain; }
  uint64_t silence_ms() const override { return 50; }
  bool is_plain = false;
};

/// One send_content(), on a loop of its own.
struct Sending {
  void start(Chunk first = {}, SendOptions options = {}) {
    task = send_content(body, sink, std::move(first), options);
    task.start();
    turn();
  }
  void turn() {
    for (int i = 0; i < 10; ++i) loop.turn(0);
  }
  /// `open`, what it returned, or the error's name.
  std::string end() {
    if (!task.done()) return "open";
    const auto result = task.take();
    return result ? std::to_string(*result) : std::string(base::name_of(result.error().type()));
  }

  async::EventLoop loop;
  MemoryStream stream;
  uint64_t sent = 0;
  Scripted body;
  Brackets sink{stream, sent};
  async::Task<base::Result<ssize_t>> task;
};

TEST(SendContent, WhatIsReadyGoesOutWithoutWaiting) {
  Sending shorter;
  shorter.body.add("all", true);
  shorter.start();
  EXPECT_EQ(shorter.stream.sent, "[all].");
  EXPECT_EQ(shorter.sent, 6u);
  EXPECT_EQ(shorter.end(), "0");

  Sending longer;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(1000, static_cast<char>('a' + i % 26));
    longer.body.add(piece, i == 99);
    expected += "[" + piece + "]";
  }
  longer.start();
  EXPECT_EQ(longer.stream.sent, expected + ".");
  EXPECT_EQ(longer.end(), "0");
  EXPECT_EQ(longer.body.waits, 0);
}

TEST(SendContent, TheFirstPieceIsSentBeforeTheBodyIsAsked) {
  bool taken = false;
  Sending whole;
  whole.start({.bytes = base::Slice::copy_of("whole"), .last = true}, {.taken = &taken});
  EXPECT_EQ(whole.stream.sent, "[whole].");
  EXPECT_EQ(whole.end(), "0");
  EXPECT_FALSE(taken);

  Sending more;
  more.start({.bytes = base::Slice::copy_of("one")}, {.taken = &taken});
  EXPECT_EQ(more.stream.sent, "[one]");
  EXPECT_TRUE(taken) << "from here on the request can't be repeated";
  more.body.add("", true);
  more.turn();
  EXPECT_EQ(more.stream.sent, "[one][].");
  EXPECT_EQ(more.end(), "0");
}

TEST(SendContent, EachPieceIsSentBeforeTheNextIsWaitedFor) {
  Sending events;
  events.start();
  for (const std::string event : {"one", "two", "three"}) {
    events.body.add(event);
    events.turn();
    EXPECT_TRUE(events.stream.sent.ends_with("[" + event + "]"));
    EXPECT_EQ(events.end(), "open");
  }
  EXPECT_EQ(events.body.waits, 4);
}

TEST(SendContent, ABodyThatFailsSaysWhyAndNothingMoreIsSent) {
  for (const bool begun : {false, true}) {
    Sending t;
    if (begun) t.body.add("half");
    t.body.fail({ErrorType::http_response_incomplete, "broke"});
    t.start();
    EXPECT_EQ(t.end(), "http_response_incomplete");
    EXPECT_EQ(t.stream.sent, begun ? "[half]" : "");
  }
}

TEST(SendContent, ASinkThatFailsEndsIt) {
  Sending stuck;
  stuck.stream.window = 3;
  stuck.body.add("more than it takes", true);
  stuck.start();
  const uint64_t end_ms = stuck.loop.now_ms() + 2000;
  while (!stuck.task.done() && stuck.loop.now_ms() < end_ms) stuck.loop.turn(5);
  EXPECT_EQ(stuck.end(), std::to_string(-ETIMEDOUT));
  EXPECT_EQ(stuck.sent, 3u);

  Sending interrupted;
  interrupted.stream.window = 3;
  interrupted.body.add("more than it takes", true);
  interrupted.start();
  interrupted.stream.readiness().interrupt();
  interrupted.turn();
  EXPECT_EQ(interrupted.end(), std::to_string(-ECANCELED));
}

TEST(SendContent, SilenceIsOutlastedOnlyWhileTheCallerSaysSo) {
  bool answered = true;
  Sending t;
  t.start({}, {.outlasts_silence = &answered});
  t.body.fail(silence());
  t.turn();
  EXPECT_EQ(t.end(), "open");
  t.body.add("late");
  t.turn();
  EXPECT_EQ(t.stream.sent, "[late]");
  t.body.fail({ErrorType::http_request_error, "malformed"});
  t.turn();
  EXPECT_EQ(t.end(), "http_request_error") << "what is no silence ends it";

  Sending before;
  answered = false;
  before.body.fail(silence());
  before.start({}, {.outlasts_silence = &answered});
  EXPECT_EQ(before.end(), "http_request_error");
}

TEST(SendContent, TheKernelMovesWhatNeedsNoFraming) {
  using Move = Scripted::Move;
  const base::Error timeout(ErrorType::connection_write_timeout, "It took nothing.");
  const base::Error broke(ErrorType::connection_terminated, "It broke.");
  const struct {
    bool plain;
    Move move;
    std::string end;
    uint64_t sent;
  } cases[] = {
      {true, {.bytes = 70, .result = Sent{.last = true}}, "0", 70},
      {true, {.bytes = 70, .result = Sent{}}, "0", 77},  // The rest comes by reading.
      {false, {.bytes = 70, .result = Sent{.last = true}}, "0", 7},
      {true,
       {.result = std::unexpected(timeout), .to_failed = true},
       std::to_string(-ETIMEDOUT),
       0},
      {true, {.result = std::unexpected(broke), .to_failed = true}, std::to_string(-EPIPE), 0},
      {true, {.result = std::unexpected(broke)}, "connection_terminated", 0},
  };
  for (const auto& c : cases) {
    Sending t;
    t.sink.is_plain = c.plain;
    t.body.moves.push_back(c.move);
    t.body.add("rest", true);
    t.start();
    EXPECT_EQ(t.end(), c.end);
    EXPECT_EQ(t.sent, c.sent);
  }
  bool answered = true;
  Sending silent;
  silent.sink.is_plain = true;
  silent.body.moves.push_back({.result = std::unexpected(silence())});
  silent.body.moves.push_back({.bytes = 5, .result = Sent{.last = true}});
  silent.start({}, {.outlasts_silence = &answered});
  EXPECT_EQ(silent.end(), "0");
}

TEST(SendContent, CancellingLeavesTheStreamToOthers) {
  Sending t;
  t.stream.window = 2;
  t.body.add("stuck");
  t.start();
  EXPECT_TRUE(t.stream.readiness().writer_waits());
  t.task.cancel();
  EXPECT_FALSE(t.stream.readiness().writer_waits());
  EXPECT_EQ(t.sent, 2u) << "what went out is counted";
}

}  // namespace
}  // namespace weir::http
