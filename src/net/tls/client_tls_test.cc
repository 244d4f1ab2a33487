#include "net/tls/client_tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "async/stream_fake.h"
#include "net/tls/tls_fake.h"

namespace weir::net {
namespace {

constexpr long kDay = 86'400;

async::Task<void> note(async::Task<Handshaken> handshake, Handshaken& made, bool& done) {
  made = co_await std::move(handshake);
  done = true;
}

/// A file of one certificate.
class PemFile {
 public:
  explicit PemFile(X509* certificate) {
    FILE* const file = fdopen(mkstemp(path_), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
  }
  PemFile(const PemFile&) = delete;
  ~PemFile() { unlink(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/weir-root-XXXXXX";
};

class ClientTlsTest : public testing::Test {
 protected:
  /// Trusts what is in `server`'s certificate alone.
  void trust(const FakeServer& server) {
    const PemFile file(server.certificate());
    auto store = TrustStore::make({.roots = {file.path()}});
    ASSERT_TRUE(store) << store.error();
    tls_ = ClientTls::make(*store);
  }
  void trust_nobody() { tls_ = ClientTls::make(*TrustStore::make({})); }

  Handshaken shake(FakeServer& server, const char* host, bool literal = false) {
    server.accept();
    auto owned = std::make_unique<async::MemoryStream>();
    async::MemoryStream& below = *owned;
    stream_ = std::make_unique<TlsStream>(std::move(owned), tls_->begin(host, literal, host));
    Handshaken made;
    bool done = false;
    async::TaskScope scope;
    scope.spawn(note(stream_->handshake(async::Deadline::kNever), made, done));
    for (size_t carried = 0, turns = 0; turns < 20; ++turns) {
      loop_.turn(0);
      server.take(std::string_view(below.sent).substr(carried));
      carried = below.sent.size();
      if (const std::string bytes = server.give(); !bytes.empty()) below.arrive(bytes);
    }
    EXPECT_TRUE(done);
    stream_->absorb();
    return made;
  }
  std::string why() const { return ClientTls::why_refused(*stream_); }

  async::EventLoop loop_;
  base::Ref<ClientTls> tls_;
  std::unique_ptr<TlsStream> stream_;
};

TEST_F(ClientTlsTest, AGoodCertificateIsTaken) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    FakeServer server(version);
    trust(server);
    const Handshaken made = shake(server, "origin.test");
    EXPECT_EQ(made.error, 0) << why();
    EXPECT_STREQ(SSL_get_servername(server.ssl(), TLSEXT_NAMETYPE_host_name), "origin.test");
  }
}

TEST_F(ClientTlsTest, EachBadOneHasItsReason) {
  const auto refused = [&](FakeServer& server, const char* host, bool literal = false) {
    const Handshaken made = shake(server, host, literal);
    EXPECT_EQ(made.error, -EPROTO);
    EXPECT_TRUE(made.distrusted);
    return why();
  };
  FakeServer good(TLS1_3_VERSION);
  trust(good);
  EXPECT_EQ(refused(good, "other.test"), "is for another name: it is for origin.test");
  EXPECT_EQ(refused(good, "a.origin.test"), "is for another name: it is for origin.test");
  EXPECT_EQ(refused(good, "192.0.2.1", true), "is for another name: it is for origin.test");
  trust_nobody();
  EXPECT_EQ(refused(good, "origin.test"),
            "is signed by nobody but itself, so anybody could have made it");
  FakeServer old(TLS1_3_VERSION, "origin.test", -20 * kDay, -10 * kDay);
  trust(old);
  EXPECT_TRUE(refused(old, "origin.test").starts_with("has expired (on 20"));
  FakeServer early(TLS1_2_VERSION, "origin.test", 10 * kDay, 20 * kDay);
  trust(early);
  EXPECT_TRUE(refused(early, "origin.test").starts_with("is not valid yet (from 20"));
  FakeServer wild(TLS1_3_VERSION, "*.origin.test");
  trust(wild);
  EXPECT_EQ(shake(wild, "a.origin.test").error, 0);
  EXPECT_NE(refused(wild, "a.b.origin.test"), "");
  FakeServer partial(TLS1_3_VERSION, "a*.origin.test");
  trust(partial);
  EXPECT_NE(refused(partial, "ab.origin.test"), "");
}

TEST_F(ClientTlsTest, SessionsAreResumed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    FakeServer server(version);
    trust(server);
    EXPECT_FALSE(shake(server, "origin.test").resumed);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(shake(server, "origin.test").resumed) << version << i;
  }
}

class SessionTableTest : public testing::Test {
 protected:
  SSL_SESSION* put(const std::string& origin) {
    SSL_SESSION* const made = SSL_SESSION_new();
    SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION);
    table_.put(origin, SslSessionPtr(made));
    return made;
  }
  size_t take_all(const std::string& origin) {
    size_t count = 0;
    while (table_.take(origin)) ++count;
    return count;
  }

  SessionTable table_;
};

TEST_F(SessionTableTest, TheNewestOfAnOrigin) {
  put("a:443");
  SSL_SESSION* const second = put("a:443");
  SSL_SESSION* const third = put("a:443");
  EXPECT_EQ(table_.take("a:443").get(), third);
  EXPECT_EQ(table_.take("a:443").get(), second);
  for (size_t i = 0; i < 3 * SessionTable::kMostEach; ++i) put("a:443");
  EXPECT_EQ(table_.size(), SessionTable::kMostEach);
  EXPECT_EQ(take_all("a:443"), SessionTable::kMostEach);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(SessionTableTest, TheOriginsThatWereUsedLast) {
  for (int i = 0; i < 2; ++i) put("a:443");
  for (size_t i = 0; i < SessionTable::kMost - 1; ++i) put(std::to_string(i));
  EXPECT_EQ(table_.size(), SessionTable::kMost);
  EXPECT_EQ(take_all("a:443"), 1u) << "the oldest one went";
  for (int i = 0; i < 2; ++i) put("0");
  EXPECT_EQ(table_.size(), SessionTable::kMost);
  EXPECT_EQ(take_all("1"), 0u);
  EXPECT_EQ(take_all("0"), 3u);
  table_.drop("2");
  table_.drop("unknown");
  EXPECT_EQ(take_all("2"), 0u);
  EXPECT_EQ(take_all("3"), 1u);
}

TEST_F(SessionTableTest, OneOriginAlone) {
  for (size_t i = 0; i < SessionTable::kMost; ++i) put(std::to_string(i));
  for (size_t i = 0; i < 2 * SessionTable::kMostEach; ++i) put("last");
  EXPECT_EQ(table_.size(), SessionTable::kMost);
  EXPECT_EQ(take_all("last"), SessionTable::kMostEach);
}

TEST(TrustStore, AFileWithoutCertificatesIsNamed) {
  const auto none = TrustStore::make({.roots = {"/nonexistent.pem"}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), "tls.roots: /nonexistent.pem can't be read: it is not there");
  const auto other = TrustStore::make({.roots = {"/etc/passwd"}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), "tls.roots: /etc/passwd has no certificates in PEM");
}

}  // namespace
}  // namespace weir::net
