#include "net/tls/server_tls.h"

#include <gtest/gtest.h>

#include "async/stream_fake.h"
#include "net/tls/tls_fake.h"
#include "net/tls/tls_stream.h"

namespace weir::net {
namespace {

constexpr uint64_t kNever = async::Deadline::kNever;

async::Task<void> note(async::Task<Handshaken> handshake, Handshaken& made) {
  made = co_await std::move(handshake);
}

struct Shown {
  Handshaken server;
  bool client_done = false, client_resumed = false;
  std::string protocol, received;
};

/// Clients of OpenSSL's, and Weir's side on streams in memory.
struct Serving : testing::Test {
  async::EventLoop loop;
  const std::shared_ptr<TicketKeys> keys = std::make_shared<TicketKeys>();
  base::Ref<ServerTls> server = ServerTls::make(keys);
  const KeyPtr key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  const CertificatePtr certificate = self_signed(key.get(), "site.test");
  SslContextPtr client{SSL_CTX_new(TLS_client_method())};
  SslSessionPtr session;

  Serving() {
    SSL_CTX_set_session_cache_mode(client.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client.get(), [](SSL* ssl, SSL_SESSION* made) {
      static_cast<Serving*>(SSL_get_app_data(ssl))->session.reset(made);
      return 1;
    });
  }

  Shown connect(std::string_view sessions, std::string_view alpn = {}, size_t part = SIZE_MAX) {
    Shown shown;
    SslPtr ssl(SSL_new(client.get()));
    SSL_set_app_data(ssl.get(), this);
    SSL_set_connect_state(ssl.get());
    SSL_set_tlsext_host_name(ssl.get(), "Site.Test");
    if (!alpn.empty())
      SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
    if (session) SSL_set_session(ssl.get(), session.get());
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    async::MemoryStream below;
    const ServerIdentity identity{
        certificate.get(),
        key.get(),
        {reinterpret_cast<const unsigned char*>(sessions.data()), sessions.size()}};
    TlsStream stream(below, server->begin(identity), base::Slice());
    async::TaskScope scope;
    scope.spawn(note(stream.handshake(kNever), shown.server));
    size_t carried = 0;
    SSL_do_handshake(ssl.get());
    for (int round = 0; round < 8; ++round) {
      char bytes[8192];
      const int n = BIO_read(out, bytes, sizeof bytes);
      const std::string_view up(bytes, n > 0 ? static_cast<size_t>(n) : 0);
      for (size_t at = 0; at < up.size(); at += std::min(part, up.size() - at)) {
        below.arrive(up.substr(at, part));
        for (int i = 0; i < 4; ++i) loop.turn(0);
      }
      for (int i = 0; i < 4; ++i) loop.turn(0);
      const std::string down = below.sent.substr(carried);
      carried += down.size();
      if (!down.empty()) BIO_write(in, down.data(), static_cast<int>(down.size()));
      shown.client_done = SSL_do_handshake(ssl.get()) == 1;
      char content[64];
      if (shown.client_done) (void)SSL_read(ssl.get(), content, sizeof content);  // Tickets.
    }
    shown.client_resumed = SSL_session_reused(ssl.get()) == 1;
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl.get(), &name, &size);
    if (size > 0) shown.protocol.assign(reinterpret_cast<const char*>(name), size);
    if (shown.server.error == 0 && shown.client_done) {
      EXPECT_TRUE(stream.names("site.test"));
      EXPECT_FALSE(stream.names("other.test"));
      EXPECT_FALSE(stream.names(""));
    }
    SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    scope.cancel_all();
    return shown;
  }
};

TEST_F(Serving, ShakesHandsInBothVersionsAndInPieces) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_min_proto_version(client.get(), version);
    SSL_CTX_set_max_proto_version(client.get(), version);
    for (const size_t part : {size_t{1}, size_t{7}, SIZE_MAX}) {
      session = nullptr;
      const Shown shown = connect("a", {}, part);
      EXPECT_EQ(shown.server.error, 0);
      EXPECT_TRUE(shown.client_done);
    }
  }
}

TEST_F(Serving, OldVersionsAreRefused) {
  SSL_CTX_set_security_level(client.get(), 0);
  SSL_CTX_set_max_proto_version(client.get(), TLS1_1_VERSION);
  EXPECT_EQ(connect("a").server.error, -EPROTO);
}

TEST_F(Serving, SpeaksHttp1IfAnythingIsAskedFor) {
  EXPECT_EQ(connect("a", "\x02h2\x08http/1.1").protocol, "http/1.1");
  EXPECT_EQ(connect("a").protocol, "");
  const Shown none = connect("a", "\x02h2");
  EXPECT_EQ(none.server.error, -EPROTO);
}

TEST_F(Serving, SessionsAreResumedWhereTheyBelongAlone) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_min_proto_version(client.get(), version);
    SSL_CTX_set_max_proto_version(client.get(), version);
    session = nullptr;
    EXPECT_FALSE(connect("a").client_resumed);
    ASSERT_TRUE(session);
    EXPECT_FALSE(connect("b").client_resumed) << "another name's session";
    session = nullptr;
    connect("a");
    EXPECT_TRUE(connect("a").client_resumed);
  }
}

TEST_F(Serving, AnotherWorkerResumesToo) {
  connect("a");
  server = ServerTls::make(keys);
  EXPECT_TRUE(connect("a").client_resumed);
  server = ServerTls::make(std::make_shared<TicketKeys>());
  EXPECT_FALSE(connect("a").client_resumed) << "another process's keys";
}

}  // namespace
}  // namespace weir::net
