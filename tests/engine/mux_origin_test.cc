// Another protocol on the origin side, over the same seams as HTTP/1.
#include <gtest/gtest.h>

#include "engine/harness.h"
#include "engine/mux_origin_side.h"
#include "engine/mux_peer.h"

namespace weir::engine {
namespace {

using Kind = Frame::Kind;

Options over_mux() {
  Options options;
  options.make_connection = &make_mux;
  return options;
}

/// Waits until the origin has the head of a request, and returns its number.
uint8_t asked(Harness& h, MuxOrigin& origin, std::string_view begin) {
  const auto id = [&] { return origin.peers.empty() ? 0 : origin.peers.back().id_of(begin); };
  EXPECT_TRUE(h.until([&] { return id() != 0; })) << begin;
  return static_cast<uint8_t>(id());
}

TEST(MuxOrigins, CarryTwoExchangesAtOnceOfWhichOneIsCancelled) {
  Harness h(over_mux());
  MuxOrigin origin;
  Client& first = h.client();
  first.get(origin.authority(), "/first");
  const uint8_t one = asked(h, origin, "GET /first\n");
  Client& second = h.client();
  second.get(origin.authority(), "/second");
  const uint8_t two = asked(h, origin, "GET /second\n");
  ASSERT_NE(one, two);
  ASSERT_EQ(origin.peers.size(), 1u) << "the second has a place on the first one's connection";
  MuxPeer& peer = origin.peers.front();

  peer.send(Kind::head, two, "200\nX-Of: two\n");
  peer.send(Kind::head, one, "200\nX-Of: one\n");
  peer.send(Kind::data, two, "second ");
  peer.send(Kind::data, one, "first ");
  ASSERT_TRUE(h.until([&] {
    return first.received.find("first ") != std::string::npos &&
           second.received.find("second ") != std::string::npos;
  }));
  first.reset();
  ASSERT_TRUE(h.until([&] { return peer.kinds(one) == "HER"; })) << peer.kinds(one);
  EXPECT_EQ(h.record(first), "200 client_closed");
  EXPECT_EQ(peer.kinds(two), "HE") << "the other one goes on";
  peer.send(Kind::data, one, "of which nobody hears");
  peer.send(Kind::data, two, "and last");
  peer.send(Kind::end, two);
  const auto answers = h.answers(second, 1);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].content, "second and last");
  EXPECT_EQ(answers[0].fields.at("x-of"), "two");

  second.get(origin.authority(), "/third");
  const uint8_t three = asked(h, origin, "GET /third\n");
  peer.send(Kind::head, three, "204\n");
  peer.send(Kind::end, three);
  EXPECT_EQ(h.answers(second, 2).back().status, 204);
  EXPECT_EQ(origin.peers.size(), 1u);
  EXPECT_FALSE(peer.ended);
}

TEST(MuxOrigins, TakeUploadsBesideOneAnother) {
  Harness h(over_mux());
  MuxOrigin origin;
  const std::string head = "POST http://" + origin.authority() + "/";
  Client& first = h.client();
  first.request(head + "a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
  const uint8_t one = asked(h, origin, "POST /a\n");
  Client& second = h.client();
  second.request(head + "b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n");
  const uint8_t two = asked(h, origin, "POST /b\n");
  MuxPeer& peer = origin.peers.front();
  first.send("def");
  second.send("0\r\n\r\n");
  ASSERT_TRUE(h.until([&] { return peer.kinds(one).ends_with('E') && peer.kinds(two) == "HDE"; }));
  for (const uint8_t id : {two, one}) {
    peer.send(Kind::head, id, "200\n");
    peer.send(Kind::end, id);
  }
  EXPECT_EQ(h.answers(first, 1)[0].status, 200);
  EXPECT_EQ(h.answers(second, 1)[0].status, 200);
}

TEST(MuxOrigins, ThatEndAnswerForAllThatTheyCarried) {
  Harness h(over_mux());
  MuxOrigin origin;
  Client& first = h.client();
  first.get(origin.authority(), "/first");
  const uint8_t one = asked(h, origin, "GET /first\n");
  Client& second = h.client();
  second.get(origin.authority(), "/second");
  asked(h, origin, "GET /second\n");
  origin.peers.front().send(Kind::head, one, "200\n");
  ASSERT_TRUE(h.until([&] { return !first.received.empty(); }));
  origin.peers.pop_front();  // Closes the connection.
  // The second one had no answer, and its connection had been used before it: it is asked again.
  const uint8_t again = asked(h, origin, "GET /second\n");
  origin.peers.back().send(Kind::head, again, "200\n");
  origin.peers.back().send(Kind::end, again);
  EXPECT_EQ(h.answers(second, 1)[0].status, 200);
  EXPECT_TRUE(h.until([&] { return first.ended || first.was_reset; }));
  EXPECT_EQ(h.pool->size(), 1u);
}

TEST(MuxOrigins, OpenAnotherConnectionForMoreThanOneCanCarry) {
  Harness h(over_mux());
  MuxOrigin origin([](MuxPeer&, const Frame&) {});
  for (size_t i = 0; i < MuxConnection::kMost + 1; ++i) {
    const std::string path = "/" + std::to_string(i);
    h.client().get(origin.authority(), path);
    asked(h, origin, "GET " + path + "\n");
  }
  EXPECT_EQ(origin.peers.size(), 2u);
}

/// Answers each request with the frames of a content of 30 pieces.
void answer_in_pieces(MuxPeer& peer, const Frame& frame) {
  if (frame.kind != Kind::end) return;
  peer.send(Kind::head, frame.id, "200\n");
  for (size_t at = 0; at < 3000; at += 100)
    peer.send(Kind::data, frame.id, content_of(3000).substr(at, 100));
  peer.send(Kind::end, frame.id);
}

TEST(MuxOrigins, HarmNobodyWhenAnExchangeIsCancelledAtAnyTurn) {
  bool done = false;
  for (int turns = 0; !done; ++turns) {
    ASSERT_LT(turns, 2000);
    const size_t sockets = open_sockets();
    {
      Harness h(over_mux());
      MuxOrigin origin(answer_in_pieces);
      std::vector<Client*> others{&h.client(), &h.client()};
      for (Client* other : others) other->get(origin.authority(), "/");
      Client& client = h.client();
      client.request("POST http://" + origin.authority() +
                     "/ HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + content_of(20'000));
      const auto whole = [&] {
        const auto answers = client.answers();
        return !answers.empty() && answers[0].complete;
      };
      for (int i = 0; i < turns && !(done = whole()); ++i) h.turn(3);
      if (turns % 2 == 0) {
        client.scope.cancel_all();
      } else {
        client.reset();
      }
      for (Client* other : others) {
        const auto answers = h.answers(*other, 1);
        ASSERT_EQ(answers.size(), 1u) << "turn " << turns;
        ASSERT_EQ(answers[0].content, content_of(3000)) << "turn " << turns;
      }
      client.close();
      h.settle();
      ASSERT_LE(h.records(client).size(), 1u);
      ASSERT_TRUE(h.until([&] { return origin.open() == h.pool->size(); }, 1000))
          << "turn " << turns << ": " << origin.open() << " " << h.pool->size();
    }
    ASSERT_EQ(base::block_bytes_in_use(), 0u) << "turn " << turns;
    ASSERT_EQ(open_sockets(), sockets) << "turn " << turns;
  }
}

}  // namespace
}  // namespace weir::engine
