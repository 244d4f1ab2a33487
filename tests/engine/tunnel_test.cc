// CONNECT, upgrades, and sessions inside tunnels.
#include <gtest/gtest.h>

#include "engine/harness.h"

namespace weir::engine {
namespace {

std::string inner_get(const std::string& authority, const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
}

/// The responses inside the tunnel.
std::vector<Answer> inside(Harness& h, Client& client, size_t count,
                           std::vector<std::string> methods = {}) {
  std::vector<Answer> all;
  h.until([&] {
    client.answers();
    Client parsed(-1, 0);
    parsed.received = client.inside;
    parsed.methods = methods;
    parsed.methods.resize(std::max(methods.size(), count), "GET");
    parsed.ended = client.ended;
    all = parsed.answers();
    return client.ended || client.was_reset || (all.size() >= count && all.back().complete);
  });
  return all;
}

TEST(Tunnels, StartAtTheTopAndEndTheirConnection) {
  Options options;
  options.rewrites = true;
  Harness h(options);
  const std::string at = h.origin->authority();
  h.options.tunnel.no_opaque_ports = {
      static_cast<uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)))};
  h.reload();
  Client& client = h.client();
  client.connect(at);
  client.send(inner_get(at, "/length") + inner_get(at, "/to/127.0.0.1:25/x") +
              inner_get("other:80", "/length") + inner_get(at, "/chunked"));
  client.send("CONNECT " + at + " HTTP/1.1\r\nHost: " + at + "\r\n\r\n");
  auto answers = inside(h, client, 5, {"GET", "GET", "GET", "GET", "CONNECT"});
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_EQ(answers[0].content, content_of(100));
  EXPECT_EQ(answers[1].status, 403);
  EXPECT_EQ(answers[2].status, 421);
  EXPECT_EQ(answers[3].content, content_of(100));
  EXPECT_EQ(answers[4].status, 400);
  client.close();
  EXPECT_TRUE(h.until([&] { return h.records(client).size() == 6; }));
  EXPECT_EQ(h.records(client).back().line, "CONNECT " + at + " HTTP/1.1")
      << "the tunnel ends after what was in it";
  EXPECT_EQ(h.records(client).back().ended, "complete");
  EXPECT_EQ(h.origin->accepted, 1) << "what is inside uses the connection that the CONNECT opened";
}

TEST(Tunnels, WhatFollowsARequestAndIsNoneGoesBothWaysAsItCame) {
  for (const size_t size : {10uz, 3'000'000uz}) {
    Harness h;
    const std::string at = h.origin->authority();
    Client& client = h.client();
    client.connect(at);
    const std::string content = "\x01" + content_of(size);
    client.send(inner_get(at, "/length") + content);
    client.finish();
    ASSERT_TRUE(h.until([&] { return client.ended || client.was_reset; }, 20'000));
    client.answers();
    EXPECT_TRUE(client.inside.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(client.inside.ends_with("\r\n\r\n" + content_of(100) + content))
        << client.inside.size();
    EXPECT_TRUE(h.origin->opaque == content);
    ASSERT_TRUE(h.until([&] { return h.records(client).size() == 2; }));
    EXPECT_EQ(h.records(client)[0].status, 200);
    EXPECT_EQ(h.records(client)[1].ended, "complete");
    EXPECT_EQ(h.origin->open(), 0u);
  }
}

TEST(Tunnels, AnAnswerThatIsNoneGoesBackAsItCame) {
  Harness h;
  const std::string at = h.origin->authority();
  Client& client = h.client();
  client.connect(at);
  client.send(inner_get(at, "/bad"));
  ASSERT_TRUE(h.until([&] {
    client.answers();
    return client.inside.ends_with("hello");
  }));
  EXPECT_EQ(client.inside, "HTTP/1.1 2000 OK\r\nContent Length : 5\r\n\r\nhello");
  client.close();
  ASSERT_TRUE(h.until([&] { return h.records(client).size() == 2; }));
  EXPECT_EQ(h.records(client)[0].ended, "relayed");
}

TEST(Tunnels, OpaqueBytesGoBothWaysWithHalfClose) {
  Harness h;
  const std::string at = h.origin->authority();
  Client& client = h.client();
  client.connect(at);
  const std::string content = "\x01" + content_of(5'000'000);
  client.send(content);
  client.finish();
  ASSERT_TRUE(h.until([&] { return client.ended || client.was_reset; }, 20'000));
  client.answers();
  EXPECT_TRUE(client.inside == content);
  EXPECT_EQ(h.record(client), "200 complete");
  EXPECT_EQ(h.records(client)[0].received, content.size());
  EXPECT_EQ(h.records(client)[0].sent, client.received.size());
  EXPECT_EQ(h.origin->open(), 0u);
}

TEST(Tunnels, TheClientsLastBytesArriveThoughTheOriginEndedFirst) {
  Harness h;
  // A server that greets, ends its side as soon as it has received a line, and still reads after
  // that.
  auto bound = net::bind_listeners({base::IpAddress::v4(127, 0, 0, 1), 0}, 1);
  ASSERT_EQ(bound->front().listen(), 0);
  net::Listener listener(std::move(bound->front()));
  async::TaskScope scope;
  std::string heard;
  bool heard_end = false;
  scope.spawn(
      [](net::Listener& listener, std::string& heard, bool& heard_end) -> async::Task<void> {
        co_await listener.until_readable(async::Deadline::kNever);
        net::TcpStream stream(listener.accept()->descriptor);
        co_await stream.write({base::Slice::of_static("220 hello\r\n")}, 1000);
        stream.shut_down_writes();
        for (;;) {
          auto block = base::Block::make(4096);
          const ssize_t n = co_await stream.read(block, 0, async::Deadline::kNever);
          if (n == 0) heard_end = true;
          if (n <= 0) co_return;
          heard.append(block->data(), static_cast<size_t>(n));
        }
      }(listener, heard, heard_end));
  Client& client = h.client();
  client.connect(listener.endpoint().text());
  ASSERT_TRUE(h.until([&] { return client.ended; }));
  client.answers();
  EXPECT_EQ(client.inside, "220 hello\r\n");
  const std::string last_words = "\x01" + content_of(1'000'000);
  client.send(last_words);
  client.finish();  // Both directions have ended; bytes sent before are still unread.
  EXPECT_TRUE(h.until([&] { return heard_end; }));
  EXPECT_EQ(heard.size(), last_words.size());
  EXPECT_EQ(h.record(client), "200 complete");
}

TEST(Tunnels, AnOriginThatSpeaksFirstWorksAtOnce) {
  Harness h;
  Origin greets(base::IpAddress::v4(127, 0, 0, 1), "220 ready\r\n");
  Client& client = h.client();
  client.connect(greets.authority());
  ASSERT_TRUE(h.until([&] { return client.received.ends_with("220 ready\r\n"); }));
  client.send("GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n");  // Opaque from now on.
  ASSERT_TRUE(h.until([&] { return client.received.ends_with("elsewhere\r\n\r\n"); }));
  client.finish();
  EXPECT_TRUE(h.until([&] { return client.ended; }));
  EXPECT_EQ(h.record(client), "200 complete");
}

TEST(Tunnels, WebSocketsByUpgradeAndInsideAConnect) {
  Harness h;
  const std::string at = h.origin->authority();
  const std::string fields =
      "Host: " + at +
      "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
  Client& plain = h.client();
  plain.request("GET http://" + at + "/socket HTTP/1.1\r\n" + fields);
  plain.send("\x02 frames");
  EXPECT_TRUE(h.until([&] { return plain.received.ends_with("\x02 frames"); }));
  plain.finish();
  EXPECT_TRUE(h.until([&] { return plain.ended; }));
  EXPECT_EQ(h.record(plain), "101 complete");

  Client& within = h.client();
  within.connect(at);
  within.send("GET /socket HTTP/1.1\r\n" + fields);
  EXPECT_TRUE(h.until([&] { return within.received.find("101 Switching") != std::string::npos; }));
  within.send("\x03 more");
  EXPECT_TRUE(h.until([&] { return within.received.ends_with("\x03 more"); }));
  within.finish();
  EXPECT_TRUE(h.until([&] { return within.ended; }));
  h.settle();
  EXPECT_EQ(h.records(within).size(), 2u);
}

TEST(Tunnels, OurOwnPagesAreASessionWithoutAnOrigin) {
  Harness h;
  Client& client = h.client();
  client.connect("weir.internal:80");
  client.send(inner_get("weir.internal", "/") + inner_get("weir.internal", "/none") +
              inner_get(h.origin->authority(), "/length"));
  const auto answers = inside(h, client, 3);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].status, 200);
  EXPECT_EQ(answers[1].status, 404);
  EXPECT_EQ(answers[2].status, 421);
  EXPECT_EQ(h.origin->accepted, 0);
}

TEST(Tunnels, AnIdleOneAndASilentOneEnd) {
  Options options;
  options.tunnel.idle_timeout_ms = 100;
  options.tunnel.silence_timeout_ms = 100;
  Harness h(options);
  Client& silent = h.client();
  silent.connect(h.origin->authority());
  EXPECT_TRUE(h.until([&] { return silent.ended || silent.was_reset; }));
  EXPECT_EQ(h.record(silent), "200 connection_read_timeout");
  Client& idle = h.client();
  idle.connect(h.origin->authority());
  idle.send("\x01 some");
  EXPECT_TRUE(h.until([&] { return idle.ended || idle.was_reset; }));
  EXPECT_TRUE(idle.received.ends_with("\x01 some"));
  EXPECT_EQ(h.record(idle), "200 connection_read_timeout");
  EXPECT_TRUE(h.until([&] { return h.origin->open() == 0; }));
}

TEST(Tunnels, TheReasonOfACancellationIsInTheRecord) {
  Harness h;
  Client& client = h.client();
  client.connect(h.origin->authority());
  client.send("\x01 some");
  EXPECT_TRUE(h.until([&] { return client.received.ends_with("\x01 some"); }));
  client.stream->readiness().on_broken->fire("grant_ended");
  EXPECT_TRUE(h.until([&] { return client.ended || client.was_reset; }));
  EXPECT_EQ(h.record(client), "200 grant_ended");
}

}  // namespace
}  // namespace weir::engine
