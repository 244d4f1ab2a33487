#include "net/stream/relay.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <optional>

#include "async/stream_fake.h"
#include "base/clock.h"
#include "net/stream/splice.h"
#include "net/stream/tcp_stream.h"

namespace weir::net {
namespace {

using async::EventLoop;
using async::MemoryStream;
using base::ErrorType;

/// One end of a connection whose other end belongs to the relay: a socket that is not in the loop.
class Peer {
 public:
  /// With `little`, the sockets hold few bytes.
  explicit Peer(bool little = false) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int size = 8192;
    if (little)
      setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size),
          setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    sockaddr_storage at{};
    socklen_t length = base::Endpoint{base::IpAddress::v4(127, 0, 0, 1), 0}.to_sockaddr(at);
    if (bind(listener, reinterpret_cast<sockaddr*>(&at), length) != 0 || listen(listener, 1) != 0)
      std::abort();
    getsockname(listener, reinterpret_cast<sockaddr*>(&at), &length);
    descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (little)
      setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size),
          setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&at), length) != 0) std::abort();
    stream_.emplace(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    ::close(listener);
  }
  Peer(const Peer&) = delete;
  ~Peer() { close(); }

  void send(std::string_view bytes) { outgoing += bytes; }
  void finish() { finishing_ = true; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  void reset() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void pump() {
    if (descriptor_ < 0) return;
    while (!outgoing.empty()) {
      const ssize_t n =
          ::send(descriptor_, outgoing.data(), std::min<size_t>(outgoing.size(), 256 * 1024),
                 MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n <= 0) break;
      outgoing.erase(0, static_cast<size_t>(n));
    }
    if (outgoing.empty() && finishing_) {
      shutdown(descriptor_, SHUT_WR);
      finishing_ = false;
    }
    static char buffer[256 * 1024];
    while (reads && !ended && !was_reset) {
      const ssize_t n = recv(descriptor_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) was_reset = true;
      if (n == 0) ended = true;
      if (n > 0) received.append(buffer, static_cast<size_t>(n));
    }
  }
  TcpStream& stream() { return *stream_; }
  void drop_stream() { stream_.reset(); }

  std::string outgoing, received;
  bool reads = true, ended = false, was_reset = false;

 private:
  int descriptor_;
  bool finishing_ = false;
  std::optional<TcpStream> stream_;
};

std::string content_of(size_t size, char from) {
  std::string content(size, '\0');
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(from + (i * 7 + i / 251) % 26);
  return content;
}

struct Relay {
  explicit Relay(bool little = false) : client(little), origin(little) {}

  void start(uint64_t idle_ms = 5000, RelayStart with = {}) {
    with.sent_to_client = &to_client;
    with.sent_to_origin = &to_origin;
    task = relay(client.stream(), origin.stream(), std::move(with), idle_ms);
    task.start();
  }
  bool until(const std::function<bool()>& holds, uint64_t limit_ms = 10'000) {
    for (const uint64_t end = base::monotonic_ms() + limit_ms; !holds();) {
      if (base::monotonic_ms() > end) return false;
      client.pump();
      origin.pump();
      loop.turn(1);
    }
    return true;
  }
  /// How the relay ended: `ended`, an error's name, or `open` after `limit_ms`.
  std::string end(uint64_t limit_ms = 10'000) {
    if (!until([&] { return task.done(); }, limit_ms)) return "open";
    const auto result = task.take();
    // Bytes that were sent before still arrive.
    task.cancel();
    for (int i = 0; i < 5; ++i) client.pump(), origin.pump();
    return result ? "ended" : std::string(base::name_of(result.error().type()));
  }

  EventLoop loop;
  Peer client, origin;
  uint64_t to_client = 0, to_origin = 0;
  async::Task<base::Result<void>> task;
};

TEST(Relay, AnEndOnOneSideIsPassedOnAndTheOtherGoesOn) {
  for (const bool client_first : {true, false}) {
    Relay r;
    r.start();
    Peer& first = client_first ? r.client : r.origin;
    Peer& second = client_first ? r.origin : r.client;
    first.send("first");
    first.finish();
    ASSERT_TRUE(r.until([&] { return second.ended; }));
    EXPECT_EQ(second.received, "first");
    EXPECT_FALSE(r.task.done());
    EXPECT_EQ(base::block_bytes_in_use(), 0u) << "an idle relay holds no buffer";
    for (int i = 0; i < 3; ++i) {
      second.send("more ");
      ASSERT_TRUE(
          r.until([&] { return first.received.size() == 5u * static_cast<size_t>(i + 1); }));
    }
    // Its last bytes and its end come together, when both directions are shut.
    second.send(content_of(300'000, 'a'));
    second.finish();
    EXPECT_EQ(r.end(), "ended");
    EXPECT_TRUE(r.until([&] { return first.received.size() >= 300'015; }));
    EXPECT_EQ(r.to_client + r.to_origin, 300'020u);
  }
}

TEST(Relay, ManyBytesGoBothWaysAtOnceByTheKernel) {
  Relay r;
  const std::string up = content_of(6'000'000, 'a'), down = content_of(5'000'000, 'A');
  RelayStart with{};
  with.for_client = base::Slice::copy_of("hello ");
  with.for_origin = base::Slice::copy_of("seen before ");
  r.start(5000, std::move(with));
  r.client.send(up);
  r.client.finish();
  r.origin.send(down);
  r.origin.finish();
  ASSERT_EQ(r.end(), "ended");
  r.until([&] { return r.client.ended && r.origin.ended; });
  EXPECT_TRUE(r.origin.received == "seen before " + up);
  EXPECT_TRUE(r.client.received == "hello " + down);
  EXPECT_EQ(r.to_origin, r.origin.received.size());
  EXPECT_EQ(r.to_client, r.client.received.size());
}

TEST(Relay, WhoDoesNotReadSlowsTheOtherButNotTheOtherWay) {
  Relay r;
  r.start();
  r.client.reads = false;
  const std::string down = content_of(40'000'000, 'A');
  r.origin.send(down);
  size_t left = 0;
  r.until(
      [&] { return left == std::exchange(left, r.origin.outgoing.size()) && left < down.size(); },
      2000);
  for (int i = 0; i < 20; ++i) r.until([] { return false; }, 5);
  EXPECT_GT(r.origin.outgoing.size(), down.size() / 4)
      << "what the sockets and the pipe hold, and no more";
  EXPECT_LT(base::block_bytes_in_use(), 400'000u);
  r.client.send("still");
  EXPECT_TRUE(r.until([&] { return r.origin.received == "still"; }));
  r.client.reads = true;
  r.client.finish();
  r.origin.finish();
  EXPECT_EQ(r.end(20'000), "ended");
  r.until([&] { return r.client.ended; });
  EXPECT_TRUE(r.client.received == down);
}

TEST(Relay, IdleEndsIt) {
  for (const bool after_half_close : {false, true}) {
    Relay idle;
    idle.start(80);
    const uint64_t began = base::monotonic_ms();
    if (after_half_close) idle.client.finish();
    EXPECT_EQ(idle.end(), "connection_read_timeout");
    EXPECT_GE(base::monotonic_ms() - began, 75u);
  }
}

TEST(Relay, EitherWayKeepsItOpen) {
  Relay busy;
  busy.start(120);
  for (int i = 0; i < 8; ++i) {  // One direction only; the other is silent for far longer.
    busy.origin.send("tick");
    busy.until([] { return false; }, 40);
    ASSERT_FALSE(busy.task.done()) << i;
  }
  EXPECT_EQ(busy.client.received.size(), 32u);
  EXPECT_EQ(busy.end(), "connection_read_timeout");
}

TEST(Relay, ASideThatDoesNotReadEndsItTooWhileBytesWait) {
  for (const size_t size : {size_t{100'000}, size_t{20'000'000}}) {  // By copying; by splice.
    Relay stuck(true);
    stuck.client.reads = false;
    stuck.start(150);
    stuck.origin.send(content_of(size, 'A'));
    EXPECT_EQ(stuck.end(), "connection_read_timeout") << size;
  }
}

TEST(Relay, ASideThatDoesNotReadEndsNothingWhileTheOtherWayMoves) {
  for (const bool of_client : {true, false}) {
    for (const size_t size : {size_t{0}, size_t{100'000},
                              size_t{20'000'000}}) {  // In the first bytes; by copying; by splice.
      Relay r(true);
      Peer& stuck = of_client ? r.client : r.origin;
      Peer& other = of_client ? r.origin : r.client;
      stuck.reads = false;
      std::string content = content_of(size > 0 ? size : 3'000'000, 'A');
      RelayStart with{};
      if (size == 0)
        (of_client ? with.for_client : with.for_origin) = base::Slice::copy_of(content);
      // Longer than a busy machine may hold a test up, and shorter than all ticks together.
      r.start(600, std::move(with));
      if (size > 0) other.send(content);
      for (int i = 0; i < 12; ++i) {
        stuck.send("tick");
        r.until([] { return false; }, 75);
        ASSERT_FALSE(r.task.done()) << size << " " << i;
      }
      EXPECT_EQ(other.received.size(), 48u);
      // It reads again, and has missed nothing.
      stuck.reads = true;
      ASSERT_TRUE(r.until([&] { return stuck.received.size() >= content.size(); })) << size;
      EXPECT_TRUE(stuck.received == content);
      EXPECT_EQ(r.end(), "connection_read_timeout") << size;
    }
  }
}

TEST(Relay, AWriteThatWaitsIsIdleWhenNothingMoves) {
  Relay r(true);
  r.client.reads = false;
  r.start(150);
  r.origin.send(content_of(100'000, 'A'));
  const uint64_t began = base::monotonic_ms();
  for (int i = 0; i < 5; ++i) r.client.send("tick"), r.until([] { return false; }, 50);
  EXPECT_EQ(r.end(), "connection_read_timeout");
  EXPECT_GE(base::monotonic_ms() - began, 350u);
  EXPECT_LT(base::monotonic_ms() - began, 1000u);
}

TEST(Relay, ABreakOnEitherSideSaysWhose) {
  for (const bool of_client : {true, false}) {
    for (const size_t size : {size_t{0}, size_t{3'000'000}}) {
      Relay r;
      r.start();
      Peer& breaks = of_client ? r.client : r.origin;
      Peer& other = of_client ? r.origin : r.client;
      breaks.send("x");
      ASSERT_TRUE(r.until([&] { return other.received == "x"; }));
      if (size > 0) {
        breaks.reads = false;
        other.send(content_of(size, 'a'));
        for (int i = 0; i < 10; ++i) r.until([] { return false; }, 3);
      }
      breaks.reset();
      EXPECT_EQ(r.end(), of_client ? "client_closed" : "connection_terminated") << size;
    }
  }
}

TEST(Relay, WhoeverHasNotTheWholeIsReset) {
  enum class How : uint8_t { idle, cancelled, origin_breaks };
  for (const How how : {How::idle, How::cancelled, How::origin_breaks}) {
    for (const char* const finished : {"", "client", "origin"}) {
      const bool origin_finished = finished == std::string_view("origin");
      if (how == How::origin_breaks && origin_finished) continue;
      Relay r;
      r.start(how == How::idle ? 80 : 5000);
      r.origin.send("a part");
      r.client.send("a part");
      if (origin_finished) r.origin.finish();
      if (finished == std::string_view("client")) r.client.finish();
      ASSERT_TRUE(
          r.until([&] { return r.client.received == "a part" && r.origin.received == "a part"; }));
      if (*finished) ASSERT_TRUE(r.until([&] { return r.client.ended || r.origin.ended; }));
      if (how == How::idle) ASSERT_EQ(r.end(), "connection_read_timeout");
      if (how == How::origin_breaks) r.origin.reset();
      if (how == How::origin_breaks) ASSERT_EQ(r.end(), "connection_terminated");
      r.task.cancel();
      r.client.drop_stream();
      r.origin.drop_stream();
      ASSERT_TRUE(r.until([&] { return r.client.ended || r.client.was_reset; }));
      EXPECT_EQ(r.client.was_reset, !origin_finished) << static_cast<int>(how) << " " << finished;
      if (how == How::origin_breaks) continue;
      if (!r.origin.ended)
        ASSERT_TRUE(r.until([&] { return r.origin.was_reset; }))
            << static_cast<int>(how) << " " << finished;
    }
  }
}

TEST(Relay, WhoHasTheWholeKeepsItHoweverTheOtherWayEnds) {
  for (const bool idle : {true, false}) {
    Relay r(true);
    r.start(idle ? 150 : 5000);
    r.client.reads = false;
    const std::string content = content_of(18'000, 'A');  // More than the client's socket takes.
    r.origin.send(content);
    r.origin.finish();
    ASSERT_TRUE(r.until([&] { return r.to_client == content.size(); }));
    if (!idle) {
      r.origin.reset();
      r.client.send("more");
    }
    ASSERT_EQ(r.end(), idle ? "connection_read_timeout" : "connection_terminated");
    r.client.drop_stream();
    r.client.reads = true;
    ASSERT_TRUE(r.until([&] { return r.client.ended || r.client.was_reset; }));
    EXPECT_TRUE(r.client.ended) << idle;
    EXPECT_TRUE(r.client.received == content) << idle;
  }
}

size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory)) ++count;
  closedir(directory);
  return count;
}

TEST(Relay, CancelledWithBytesInThePipeItLeavesNone) {
  // A pipe that still holds bytes must not serve another relay.
  for (int round = 0; round < 3; ++round) {
    for (int turns = 0; turns < 60; turns += 3) {
      const size_t before = open_descriptors();
      {
        Relay r(true);
        r.client.reads = false;
        r.start();
        r.origin.send(content_of(4'000'000, 'A'));
        for (int i = 0; i < turns; ++i) r.client.pump(), r.origin.pump(), r.loop.turn(0);
        const uint64_t said = r.to_client;
        r.task.cancel();
        // Closing resets it, and bytes that the kernel still holds for it are lost.
        r.client.reads = true;
        r.until([&] { return r.client.received.size() >= said; }, 1000);
        r.client.drop_stream();
        r.until([&] { return r.client.ended || r.client.was_reset; }, 1000);
        EXPECT_EQ(r.client.received.size(), said) << "counted also if it is cancelled";
        EXPECT_TRUE(r.client.received == content_of(said, 'A'));
      }
      EXPECT_EQ(base::block_bytes_in_use(), 0u);
      // A few spare pipes may stay; sockets may not.
      EXPECT_LE(open_descriptors(), before + 4);
      Relay next;
      next.start();
      const std::string content = content_of(1'500'000, 'a');
      next.origin.send(content);
      next.origin.finish();
      next.client.finish();
      ASSERT_EQ(next.end(), "ended");
      next.until([&] { return next.client.ended; });
      ASSERT_TRUE(next.client.received == content) << turns;
    }
  }
}

TEST(Relay, StreamsThatAreNoSocketsAreCopied) {
  EventLoop loop;
  MemoryStream client, origin;
  uint64_t to_client = 0, to_origin = 0;
  auto task = relay(client, origin, {{}, {}, &to_client, &to_origin}, 1000);
  task.start();
  client.arrive(content_of(500'000, 'a'));
  origin.window = 200'000;
  const auto turn = [&] {
    for (int i = 0; i < 50; ++i) loop.turn(0);
  };
  turn();
  EXPECT_EQ(to_origin, 200'000u);
  origin.window = SIZE_MAX;
  origin.readiness().became_writable();
  origin.arrive("answer", true);
  turn();
  EXPECT_EQ(to_origin, 500'000u);
  EXPECT_TRUE(origin.sent == content_of(500'000, 'a'));
  EXPECT_EQ(client.sent, "answer");
  EXPECT_TRUE(client.writes_shut_down);
  EXPECT_FALSE(origin.writes_shut_down || task.done());
  client.arrive("", true);
  turn();
  EXPECT_TRUE(origin.writes_shut_down);
  ASSERT_TRUE(task.done());
  EXPECT_TRUE(task.take());
  EXPECT_EQ(base::block_bytes_in_use(), 0u);
}

async::Task<void> splice_into(TcpStream& from, TcpStream& to, uint64_t limit, uint64_t& moved,
                              std::optional<Spliced>& result) {
  result = co_await splice_bytes(from, to, limit, 1000, 1000, &moved);
}

TEST(Splice, MovesAsMuchAsIsAskedForAndSaysWhyItEnded) {
  struct Case {
    size_t sent;
    uint64_t limit;
    bool finish;
    Spliced::Why why;
  };
  for (const Case& c : {Case{2'000'000, 1'500'001, false, Spliced::Why::limit},
                        Case{1'000'000, UINT64_MAX, true, Spliced::Why::end},
                        Case{1'000'000, 1'000'000, true, Spliced::Why::limit},
                        Case{0, UINT64_MAX, true, Spliced::Why::end}}) {
    Relay r;
    uint64_t moved = 0;
    std::optional<Spliced> result;
    auto task = splice_into(r.origin.stream(), r.client.stream(), c.limit, moved, result);
    task.start();
    const std::string content = content_of(c.sent, 'a');
    r.origin.send(content);
    if (c.finish) r.origin.finish();
    ASSERT_TRUE(r.until([&] { return result.has_value(); })) << c.sent;
    EXPECT_EQ(result->why, c.why) << c.sent << " " << c.limit;
    const uint64_t expected = std::min<uint64_t>(c.sent, c.limit);
    EXPECT_EQ(moved, expected);
    EXPECT_TRUE(r.until([&] { return r.client.received.size() == expected; }));
    EXPECT_TRUE(r.client.received == content.substr(0, expected)) << "what is beyond stays unread";
  }
}

TEST(Splice, LittleAtATimeIsLeftToCopying) {
  Relay r;
  uint64_t moved = 0;
  std::optional<Spliced> result;
  auto task = splice_into(r.origin.stream(), r.client.stream(), UINT64_MAX, moved, result);
  task.start();
  for (int i = 1; i <= 10 && !result; ++i) {
    r.origin.send("little");
    r.until([&] { return r.client.received.size() == static_cast<size_t>(i) * 6; }, 1000);
  }
  ASSERT_TRUE(result);
  EXPECT_EQ(result->why, Spliced::Why::trickle);
  EXPECT_EQ(moved, r.client.received.size());
}

}  // namespace
}  // namespace weir::net
