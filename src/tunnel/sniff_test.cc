#include "tunnel/sniff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::tunnel {
namespace {

std::string number(size_t value, int bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
  return out;
}
std::string vector(const std::string& content, int bytes) {
  return number(content.size(), bytes) + content;
}

/// A ClientHello, in records of `record` bytes.
std::string client_hello(const std::string& name, size_t record = 16'384) {
  std::string extensions;
  if (!name.empty())
    extensions = number(0, 2) + vector(vector(number(0, 1) + vector(name, 2), 2), 2);
  const std::string body = number(0x0303, 2) + std::string(32, 'r') + vector("", 1) +
                           vector("\x13\x01", 2) + vector(std::string(1, 0), 1) +
                           vector(extensions, 2);
  const std::string message = number(1, 1) + vector(body, 3);
  std::string out;
  for (size_t at = 0; at < message.size(); at += record)
    out += "\x16\x03\x01" + vector(message.substr(at, record), 2);
  return out;
}

struct Case {
  std::string bytes;
  Carries carries;
  /// The number of bytes that decide; before, the sniffer is undecided.
  size_t decided_at;
  std::string name = {};
};

std::vector<Case> cases() {
  const auto whole = [](std::string bytes, Carries carries, std::string name = {}) {
    const size_t size = bytes.size();
    return Case{std::move(bytes), carries, size, std::move(name)};
  };
  std::vector<Case> all;
  for (const char* head :
       {"GET / HTTP/1.1\r\nHost: site\r\n\r\n",
        "POST /x HTTP/1.0\r\nHost: site:8080\r\nContent-Length: 5\r\n\r\n",
        "ANY http://site/ HTTP/1.1\r\nHost: other\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"}) {
    all.push_back(whole(head, Carries::http));
  }
  all.push_back(whole("\r\nGET / HTTP/1.1\r\nHost: site\r\n\r\n", Carries::http));
  // The first line is HTTP/1; the rest is malformed.
  for (const char* head :
       {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: site\r\nUpgrade: websocket\r\nUpgrade: other\r\n\r\n"}) {
    all.push_back(whole(head, Carries::bad_http));
  }
  const auto decides = [&](const std::string& bytes, Carries carries, size_t at) {
    all.push_back({bytes, carries, at});
  };
  decides("GET / HTTP/1.1\r\nName : x\r\n\r\n", Carries::bad_http, 0);
  decides("GET  / HTTP/1.1\r\nHost: site\r\n\r\n", Carries::bad_http, 0);
  // Not HTTP/1.
  decides("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Carries::opaque, 16);
  decides("GET / HTTP/1.10\r\n", Carries::opaque, 17);
  decides("GET / HTTP/1.1 \r\n", Carries::opaque, 17);
  decides("GET / http/1.1\r\n", Carries::opaque, 16);
  decides("GET /HTTP/1.1\r\n", Carries::opaque, 15);
  decides("\r\n\r\nGET / HTTP/1.1\r\nHost: site\r\n\r\n", Carries::opaque, 3);
  decides("G(T / HTTP/1.1\r\nHost: site\r\n\r\n", Carries::opaque, 2);
  decides("SSH-2.0-OpenSSH_9.2\r\n", Carries::opaque, 20);
  decides("EHLO site\r\n", Carries::opaque, 11);
  decides("<stream>", Carries::opaque, 1);
  decides(std::string(64, 'a'), Carries::opaque, 33);
  decides("\n", Carries::opaque, 1);
  decides(std::string("\0\0\0\x10", 4), Carries::opaque, 1);
  decides("\x01", Carries::opaque, 1);
  decides(std::string("ab\0cd HTTP/1.1\r\n", 16), Carries::opaque, 3);
  decides("ab\x1f", Carries::opaque, 3);
  // A TLS handshake record, but no ClientHello that can be read.
  decides(std::string("\x16\x03\x01\x00\x00", 5) + client_hello("site"), Carries::bad_tls, 5);
  decides(client_hello("a.much.longer.example", 1), Carries::bad_tls, 64 * 6);
  decides("\x16\x02", Carries::bad_tls, 2);
  decides("\x16 is no record", Carries::bad_tls, 2);
  // TLS.
  all.push_back(whole(client_hello("www.example.org"), Carries::tls, "www.example.org"));
  all.push_back(whole(client_hello("WWW.Example.Org", 7), Carries::tls, "www.example.org"));
  all.push_back(whole(client_hello(""), Carries::tls));
  return all;
}

/// The result for bytes that come split at `cuts`.
Carries look(Sniffer& sniffer, const std::string& bytes, const std::vector<size_t>& cuts,
             size_t& decided_at) {
  for (const size_t cut : cuts) {
    decided_at = cut;
    if (const Carries carries = sniffer.look(std::string_view(bytes).substr(0, cut));
        carries != Carries::undecided)
      return carries;
  }
  return Carries::undecided;
}

TEST(Sniffer, TellsTheSameHoweverTheBytesAreCut) {
  for (const Case& c : cases()) {
    size_t decided_at = 0;
    {
      Sniffer sniffer;
      EXPECT_EQ(look(sniffer, c.bytes, {c.bytes.size()}, decided_at), c.carries) << c.bytes;
      EXPECT_EQ(sniffer.server_name(), c.name);
    }
    std::vector<size_t> each;
    for (size_t i = 1; i <= c.bytes.size(); ++i) each.push_back(i);
    {
      Sniffer sniffer;
      EXPECT_EQ(look(sniffer, c.bytes, each, decided_at), c.carries) << c.bytes << " byte by byte";
      EXPECT_EQ(sniffer.server_name(), c.name);
      if (c.decided_at > 0) EXPECT_EQ(decided_at, c.decided_at) << c.bytes;
    }
    for (size_t cut = 1; cut < c.bytes.size(); ++cut) {
      Sniffer sniffer;
      EXPECT_EQ(look(sniffer, c.bytes, {cut, c.bytes.size()}, decided_at), c.carries)
          << c.bytes << " cut at " << cut;
      EXPECT_EQ(sniffer.server_name(), c.name);
    }
  }
}

TEST(Sniffer, TheFirstRequestsTargetIsKnown) {
  const struct {
    const char *bytes, *host;
    uint16_t port;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: Site.\r\n\r\nmore", "site", 80},
      {"GET / HTTP/1.1\r\nHost: site:8080\r\n\r\n", "site", 8080},
      {"GET http://site:81/ HTTP/1.1\r\nHost: other\r\n\r\n", "site", 81},
      {"GET / HTTP/1.1\r\nHost: [::1]:82\r\n\r\n", "::1", 82},
      {"GET / HTTP/1.0\r\n\r\n", "", 80},
  };
  for (const auto& c : cases) {
    Sniffer sniffer;
    ASSERT_EQ(sniffer.look(c.bytes), Carries::http) << c.bytes;
    EXPECT_EQ(sniffer.target().host, c.host);
    if (*c.host) EXPECT_EQ(sniffer.target().port, c.port);
  }
}

TEST(Sniffer, WhereHttpDoesNotMatterAllButTlsIsOpaque) {
  for (const char* bytes : {"G", "GET / HTTP/1.1\r\n", "<", "\r"}) {
    Sniffer sniffer(false);
    EXPECT_EQ(sniffer.look(bytes), Carries::opaque) << bytes;
  }
  Sniffer sniffer(false);
  const std::string hello = client_hello("site");
  EXPECT_EQ(sniffer.look(hello.substr(0, 9)), Carries::undecided);
  EXPECT_EQ(sniffer.look(hello), Carries::tls);
  EXPECT_EQ(sniffer.server_name(), "site");
}

TEST(Sniffer, AServerNameThatIsNoHostNameIsToldApartFromNone) {
  for (const auto& [name, unreadable] :
       {std::pair("", false), {"site", false}, {"192.0.2.1", false}, {"x..site", true}}) {
    Sniffer sniffer;
    EXPECT_EQ(sniffer.look(client_hello(name)), Carries::tls);
    EXPECT_EQ(sniffer.server_name_unreadable(), unreadable) << name;
    EXPECT_EQ(sniffer.server_name(), std::string_view(name) == "site" ? "site" : "") << name;
  }
}

TEST(Sniffer, AHostIsKnownOnlyWhereTheHeadCanBeRead) {
  for (const auto& [head, host] : {std::pair("GET / HTTP/1.1\r\nHost: Site:81\r\n\r\n", "site"),
                                   {"GET / HTTP/1.1\r\nHost: site\r\nUpgrade: h2c\r\n\r\n", "site"},
                                   {"GET / HTTP/1.1\r\nHost: site\r\nHost: site\r\n\r\n", ""},
                                   {"GET / HTTP/1.1\r\nHost : site\r\n\r\n", ""}}) {
    Sniffer sniffer;
    (void)sniffer.look(head);
    ASSERT_TRUE(sniffer.head()) << head;
    EXPECT_EQ(sniffer.target().host, host) << head;
  }
}

TEST(Sniffer, WhatIsNotWholeIsUndecided) {
  // However long the line is: the caller has the limit.
  Sniffer line;
  EXPECT_EQ(line.look("GET /" + std::string(16'384, 'x')), Carries::undecided);
  Sniffer tls;
  const std::string large = client_hello(std::string(200, 'n'));
  EXPECT_EQ(tls.look(large.substr(0, large.size() - 1)), Carries::undecided);
  Sniffer not_hello;
  EXPECT_EQ(not_hello.look(std::string("\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9)),
            Carries::bad_tls);
  Sniffer none;
  EXPECT_EQ(none.look(""), Carries::undecided);
}

}  // namespace
}  // namespace weir::tunnel
