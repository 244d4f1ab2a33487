#include "net/tls/tls_stream.h"

#include <gtest/gtest.h>

#include <random>

#include "async/stream_fake.h"
#include "net/tls/tls_fake.h"

namespace weir::net {
namespace {

constexpr uint64_t kNever = async::Deadline::kNever;

async::Task<void> note(async::Task<Handshaken> handshake, Handshaken& made, bool& done) {
  made = co_await std::move(handshake);
  done = true;
}

/// A client's stream and a server, whose bytes go to and fro as the test wants it.
class Pair {
 public:
  explicit Pair(int version = TLS1_3_VERSION) : server(version) {
    SSL_CTX_set_options(client_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(client_.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(client_.get(), 1);
    SslPtr ssl(SSL_new(client_.get()));
    SSL_set_connect_state(ssl.get());
    auto below_owned = std::make_unique<async::MemoryStream>();
    below = below_owned.get();
    stream = std::make_unique<TlsStream>(std::move(below_owned), std::move(ssl));
  }
  ~Pair() { scope_.cancel_all(); }

  void turn() {
    for (int i = 0; i < 4; ++i) loop.turn(0);
  }
  /// At most `part` bytes at a time, until neither has more to say.
  void carry(size_t part = SIZE_MAX) {
    for (;;) {
      std::string up = below->sent.substr(carried_);
      carried_ += up.size();
      server.take(up);
      const std::string down = server.give();
      for (size_t at = 0; at < down.size(); at += std::min(part, down.size() - at)) {
        below->arrive(std::string_view(down).substr(at, part));
        turn();
      }
      if (up.empty() && down.empty()) return;
    }
  }
  Handshaken shake(size_t part = SIZE_MAX) {
    Handshaken made;
    bool done = false;
    scope_.spawn(note(stream->handshake(kNever), made, done));
    turn();
    carry(part);
    turn();
    EXPECT_TRUE(done);
    return made;
  }
  std::string read(size_t most = 100'000) {
    std::string all(most, '\0');
    last = stream->try_read(all.data(), most);
    all.resize(last > 0 ? static_cast<size_t>(last) : 0);
    return all;
  }
  ssize_t write(std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    return stream->try_write(&piece, 1);
  }

  async::EventLoop loop;
  FakeServer server;
  async::MemoryStream* below;
  std::unique_ptr<TlsStream> stream;
  ssize_t last = 0;

 private:
  const SslContextPtr client_{SSL_CTX_new(TLS_client_method())};
  size_t carried_ = 0;
  async::TaskScope scope_;
};

class TlsStreamOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Versions, TlsStreamOf, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsStreamOf, ContentGoesBothWays) {
  for (const size_t part : {size_t{1}, size_t{7}, SIZE_MAX}) {
    Pair pair(GetParam());
    ASSERT_EQ(pair.shake(part).error, 0);
    EXPECT_EQ(pair.write("hello"), 5);
    pair.carry(part);
    EXPECT_EQ(pair.server.received, "hello");
    pair.server.send("world");
    pair.carry(part);
    EXPECT_TRUE(pair.stream->readiness().readable);
    EXPECT_EQ(pair.read(), "world");
    EXPECT_FALSE(pair.stream->readiness().readable);
    EXPECT_EQ(pair.read(), "");
    EXPECT_EQ(pair.last, -EAGAIN);
  }
}

TEST_P(TlsStreamOf, EndsAreToldFromCuts) {
  for (const bool said : {false, true}) {
    Pair pair(GetParam());
    ASSERT_EQ(pair.shake().error, 0);
    pair.server.send("last words");
    if (said) SSL_shutdown(pair.server.ssl());
    pair.carry();
    pair.below->arrive("", true);
    EXPECT_EQ(pair.read(), "last words");
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(pair.read(), "");
      EXPECT_EQ(pair.last, said ? 0 : -ENODATA);
    }
    // Its other side may still be read.
    EXPECT_EQ(pair.write("and mine"), 8);
    pair.carry();
    EXPECT_EQ(pair.server.received, "and mine");
  }
}

TEST_P(TlsStreamOf, AnEndIsSaidBeforeTheStreamBelowEnds) {
  Pair pair(GetParam());
  ASSERT_EQ(pair.shake().error, 0);
  EXPECT_EQ(pair.write("bye"), 3);
  pair.stream->shut_down_writes();
  EXPECT_TRUE(pair.below->writes_shut_down);
  pair.carry();
  EXPECT_EQ(pair.server.received, "bye");
  EXPECT_TRUE(pair.server.ended);
}

TEST_P(TlsStreamOf, WhatWaitsGoesFirst) {
  Pair pair(GetParam());
  ASSERT_EQ(pair.shake().error, 0);
  pair.carry();
  pair.below->window = pair.below->sent.size() + 3;
  EXPECT_EQ(pair.write("hello"), 5);
  EXPECT_GT(pair.stream->unsent(), 0u);
  EXPECT_FALSE(pair.stream->readiness().writable);
  EXPECT_EQ(pair.write("more"), -EAGAIN);
  pair.stream->shut_down_writes();
  EXPECT_FALSE(pair.below->writes_shut_down);
  pair.below->window = SIZE_MAX;
  pair.below->readiness().became_writable();
  EXPECT_EQ(pair.stream->unsent(), 0u);
  EXPECT_TRUE(pair.stream->readiness().writable);
  EXPECT_TRUE(pair.below->writes_shut_down);
  pair.carry();
  EXPECT_EQ(pair.server.received, "hello");
  EXPECT_TRUE(pair.server.ended);
}

/// Against strings, which are what a plain stream would have carried.
TEST_P(TlsStreamOf, InSmallPiecesAndWithOtherMessagesBetweenNothingIsLost) {
  std::mt19937 random(12);
  const auto up_to = [&](size_t most) { return random() % most + 1; };
  Pair pair(GetParam());
  ASSERT_EQ(pair.shake(3).error, 0);
  std::string up, down, got;
  for (int i = 0; i < 400; ++i) {
    if (i % 3 == 0) {
      const std::string part(up_to(20'000), static_cast<char>('a' + i % 26));
      down += part;
      pair.server.send(part);
    }
    if (GetParam() == TLS1_3_VERSION && i % 40 == 1)
      SSL_key_update(pair.server.ssl(), SSL_KEY_UPDATE_REQUESTED);
    if (GetParam() == TLS1_3_VERSION && i % 99 == 2) SSL_new_session_ticket(pair.server.ssl());
    pair.below->window = pair.below->sent.size() + up_to(5000);
    pair.below->readiness().became_writable();
    const std::string part(up_to(30'000), static_cast<char>('A' + i % 26));
    const ssize_t taken = pair.write(part);
    ASSERT_TRUE(taken > 0 || taken == -EAGAIN);
    if (taken > 0) up += part.substr(0, static_cast<size_t>(taken));
    pair.carry(i % 10 == 0 ? up_to(7) : up_to(40'000));
    for (std::string some; !(some = pair.read(up_to(9000))).empty();) got += some;
    ASSERT_EQ(pair.last, -EAGAIN) << i;
  }
  pair.below->window = SIZE_MAX;
  pair.below->readiness().became_writable();
  pair.carry();
  got += pair.read(1'000'000);
  EXPECT_EQ(got, down);
  EXPECT_EQ(pair.server.received, up);
}

TEST(TlsStream, ATicketIsNoContent) {
  Pair pair;
  ASSERT_EQ(pair.shake().error, 0);
  // Those that follow the handshake.
  EXPECT_TRUE(pair.stream->absorb());
  SSL_new_session_ticket(pair.server.ssl());
  SSL_do_handshake(pair.server.ssl());
  pair.carry();
  EXPECT_TRUE(pair.stream->readiness().readable);
  EXPECT_TRUE(pair.stream->absorb());
  EXPECT_FALSE(pair.stream->readiness().readable);
  pair.server.send("x");
  pair.carry();
  EXPECT_FALSE(pair.stream->absorb());
  EXPECT_EQ(pair.read(), "x");
  SSL_shutdown(pair.server.ssl());
  pair.carry();
  EXPECT_FALSE(pair.stream->absorb());
}

TEST(TlsStream, AFloodOfMessagesWithoutContentEndsIt) {
  Pair pair;
  ASSERT_EQ(pair.shake().error, 0);
  for (uint32_t i = 0; i < 3000; ++i) {
    SSL_key_update(pair.server.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(pair.server.ssl());
  }
  pair.carry();
  EXPECT_EQ(pair.read(), "");
  EXPECT_EQ(pair.last, -EPROTO);
  EXPECT_FALSE(pair.below->incoming.empty()) << "the rest is not even read";
  EXPECT_EQ(pair.write("x"), -EPROTO);
}

TEST(TlsStream, WhatIsNoTlsIsAFault) {
  Pair pair;
  pair.below->arrive("HTTP/1.1 400 Bad Request\r\n\r\n");
  const Handshaken made = pair.shake();
  EXPECT_EQ(made.error, -EPROTO);
  EXPECT_EQ(made.alert, 0);
  EXPECT_EQ(made.fault, "wrong version number");
}

TEST(TlsStream, AnAlertEndsTheHandshake) {
  Pair pair(TLS1_2_VERSION);
  SSL_set_cipher_list(pair.server.ssl(), "ECDHE-RSA-AES128-GCM-SHA256");  // It has no RSA key.
  const Handshaken made = pair.shake();
  EXPECT_EQ(made.error, -EPROTO);
  EXPECT_EQ(made.alert, SSL_AD_HANDSHAKE_FAILURE);
}

TEST(TlsStream, AnEndInTheHandshakeIsTold) {
  Pair pair;
  pair.below->arrive("", true);
  EXPECT_EQ(pair.shake().error, -ENODATA);
}

TEST(TlsStream, ABrokenStreamBelowBreaksIt) {
  Pair pair;
  ASSERT_EQ(pair.shake().error, 0);
  async::Interrupt interrupt;
  pair.stream->readiness().on_broken = &interrupt;
  pair.below->readiness().became_broken();
  EXPECT_TRUE(interrupt.fired());
  EXPECT_TRUE(pair.stream->readiness().broken);
}

}  // namespace
}  // namespace weir::net
