// Another protocol on the client side, over the same seams as HTTP/1; and the same on both sides.
#include <gtest/gtest.h>

#include "engine/harness.h"
#include "engine/mux_origin_side.h"

namespace weir::engine {
namespace {

using Kind = Frame::Kind;

std::string get(const std::string& authority, const std::string& path) {
  return "GET http://" + authority + path + "\nHost: " + authority + "\n";
}

/// What came as content for one exchange.
std::string content_for(const MuxPeer& peer, uint8_t id) {
  std::string content;
  for (const Frame& frame : peer.frames) {
    if (frame.id == id && frame.kind == Kind::data) content += frame.text;
  }
  return content;
}

bool is_over(const MuxPeer& peer, uint8_t id) {
  const std::string kinds = peer.kinds(id);
  return kinds.ends_with('E') || kinds.ends_with('R');
}

void ask(MuxPeer& client, uint8_t id, std::string head) {
  client.send(Kind::head, id, std::move(head));
  client.send(Kind::end, id);
}

TEST(MuxClients, HaveTwoExchangesAtOnceOfWhichOneIsCancelledOnBothSides) {
  Options options;
  options.make_connection = &make_mux;
  Harness h(options);
  MuxOrigin origin;
  auto client = h.mux_client();
  const auto arrived = [&](std::string_view begin) {
    EXPECT_TRUE(h.until([&] { return !origin.peers.empty() && origin.peers.back().id_of(begin); }));
    return origin.peers.back().id_of(begin);
  };
  ask(*client, 1, get(origin.authority(), "/first"));
  const uint8_t one = arrived("GET /first\n");
  ask(*client, 2, get(origin.authority(), "/second"));
  const uint8_t two = arrived("GET /second\n");
  ASSERT_EQ(origin.peers.size(), 1u);
  MuxPeer& peer = origin.peers.front();
  peer.send(Kind::head, two, "200\n");
  peer.send(Kind::head, one, "200\n");
  peer.send(Kind::data, two, "second ");
  peer.send(Kind::data, one, "first ");
  ASSERT_TRUE(h.until(
      [&] { return content_for(*client, 1) == "first " && content_for(*client, 2) == "second "; }));
  client->send(Kind::reset, 1);
  ASSERT_TRUE(h.until([&] { return peer.kinds(one) == "HER"; }));
  EXPECT_TRUE(h.until([&] { return client->kinds(1) == "HDR"; })) << client->kinds(1);
  peer.send(Kind::data, two, "and last");
  peer.send(Kind::end, two);
  ASSERT_TRUE(h.until([&] { return is_over(*client, 2); }));
  EXPECT_EQ(client->kinds(2), "HDDE");
  EXPECT_EQ(content_for(*client, 2), "second and last");
  h.settle();
  ASSERT_EQ(h.journal.records.size(), 2u);
  EXPECT_EQ(h.journal.records[0].ended, "client_closed");
  EXPECT_EQ(h.journal.records[1].ended, "complete");
  EXPECT_FALSE(client->ended);
  EXPECT_FALSE(peer.ended);
}

TEST(MuxClients, GetFromHttp1OriginsUploadToThemAndSeeErrors) {
  Harness h;
  auto client = h.mux_client();
  const std::string at = h.origin->authority();
  ask(*client, 1, get(at, "/length?size=200000"));
  ask(*client, 2, get(at, "/chunked?size=3000&piece=100"));
  ask(*client, 3, get(at, "/hints"));
  ask(*client, 4, get("127.0.0.1:25", "/"));
  client->send(Kind::head, 5, "POST http://" + at + "/echo\nHost: " + at + "\n");
  ASSERT_TRUE(h.until([&] { return client->kinds(4).ends_with('E'); }));
  for (int i = 0; i < 3; ++i) client->send(Kind::data, 5, content_of(10'000));
  client->send(Kind::end, 5);
  ASSERT_TRUE(h.until([&] {
    return is_over(*client, 1) && is_over(*client, 2) && is_over(*client, 3) && is_over(*client, 5);
  }));
  EXPECT_EQ(content_for(*client, 1), content_of(200'000));
  EXPECT_EQ(content_for(*client, 2), content_of(3000));
  EXPECT_TRUE(client->kinds(3).starts_with("HH")) << "an interim response comes first";
  EXPECT_EQ(client->id_of("403\n"), 4);
  EXPECT_NE(content_for(*client, 5).find("30000"), std::string::npos) << content_for(*client, 5);
}

TEST(MuxClients, CarryATunnelBesideARequest) {
  Harness h;
  auto client = h.mux_client();
  const std::string at = h.origin->authority();
  client->send(Kind::head, 1, "CONNECT " + at + "\nHost: " + at + "\n");
  ASSERT_TRUE(h.until([&] { return client->id_of("200\n") == 1; }));
  client->send(Kind::data, 1, "\x01" + content_of(5000));
  ask(*client, 2, get(at, "/length?size=100000"));
  ASSERT_TRUE(h.until(
      [&] { return content_for(*client, 1) == "\x01" + content_of(5000) && is_over(*client, 2); }));
  EXPECT_EQ(content_for(*client, 2), content_of(100'000));
  client->send(Kind::end, 1);
  EXPECT_TRUE(h.until([&] { return client->kinds(1).ends_with('E'); }));
  // A session inside a tunnel, on a stream of its own.
  client->send(Kind::head, 3, "CONNECT " + at + "\nHost: " + at + "\n");
  client->send(Kind::data, 3, "GET /length?size=500 HTTP/1.1\r\nHost: " + at + "\r\n\r\n");
  ASSERT_TRUE(h.until([&] { return content_for(*client, 3).ends_with(content_of(500)); }));
  client->send(Kind::reset, 3);
  ASSERT_TRUE(h.until([&] { return h.journal.records.size() == 4; }));
  EXPECT_FALSE(client->ended);
}

/// Answers each request with the frames of a content of 30 pieces.
void answer_in_pieces(MuxPeer& peer, const Frame& frame) {
  if (frame.kind != Kind::end) return;
  peer.send(Kind::head, frame.id, "200\n");
  for (size_t at = 0; at < 3000; at += 100)
    peer.send(Kind::data, frame.id, content_of(3000).substr(at, 100));
  peer.send(Kind::end, frame.id);
}

/// Cancels one of three exchanges on one connection after each turn, or ends the connection.
void storm(const Options& options, bool last_first, bool end_connection) {
  bool done = false;
  for (int turns = 0; !done; ++turns) {
    ASSERT_LT(turns, 2000);
    const size_t sockets = open_sockets();
    {
      Harness h(options);
      if (last_first) h.loop.set_picker([](size_t size) { return size - 1; });
      MuxOrigin mux_origin(answer_in_pieces);
      const std::string at =
          options.make_connection == &make_mux ? mux_origin.authority() : h.origin->authority();
      auto client = h.mux_client();
      for (const uint8_t id : {1, 2}) ask(*client, id, get(at, "/length?size=3000&piece=100"));
      client->send(Kind::head, 3, "POST http://" + at + "/length?size=3000\nHost: " + at + "\n");
      client->send(Kind::data, 3, content_of(20'000));
      client->send(Kind::end, 3);
      for (int i = 0; i < turns && !(done = is_over(*client, 3)); ++i) h.turn(3);
      if (end_connection) {
        client = nullptr;
      } else {
        client->send(Kind::reset, 3);
        for (const uint8_t id : {1, 2}) {
          ASSERT_TRUE(h.until([&] { return is_over(*client, id); })) << "turn " << turns;
          ASSERT_EQ(content_for(*client, id), content_of(3000)) << "turn " << turns;
        }
      }
      h.settle();
      ASSERT_LE(h.journal.records.size(), 3u) << "turn " << turns;
      if (end_connection) ASSERT_EQ(h.mux_scope.size(), 0u) << "turn " << turns;
      const auto open = [&] {
        return options.make_connection == &make_mux ? mux_origin.open() : h.origin->open();
      };
      ASSERT_TRUE(h.until([&] { return open() == h.pool->size(); }, 1000)) << "turn " << turns;
    }
    ASSERT_EQ(base::block_bytes_in_use(), 0u) << "turn " << turns;
    ASSERT_EQ(open_sockets(), sockets) << "turn " << turns;
  }
}

TEST(MuxClients, MayCancelOrEndAtAnyTurn) {
  Options http1, mux;
  mux.make_connection = &make_mux;
  for (const Options& options : {http1, mux}) {
    for (const bool last_first : {false, true}) {
      for (const bool end_connection : {false, true}) {
        storm(options, last_first, end_connection);
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace weir::engine
