#include "codec/tls/client_hello.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace weir::tls {
namespace {

std::string number(size_t value, int bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
  return out;
}
std::string vector(const std::string& content, int bytes) {
  return number(content.size(), bytes) + content;
}
std::string extension(int type, const std::string& content) {
  return number(static_cast<size_t>(type), 2) + vector(content, 2);
}
std::string server_name(const std::string& name) {
  return extension(0, vector(number(0, 1) + vector(name, 2), 2));
}

std::string body_of(const std::string& extensions) {
  return number(0x0303, 2) + std::string(32, 'r') + vector(std::string(32, 's'), 1) +
         vector("\x13\x01\x13\x02", 2) + vector(std::string(1, 0), 1) + vector(extensions, 2);
}
std::string handshake(const std::string& body, int type = 1) {
  return number(static_cast<size_t>(type), 1) + vector(body, 3);
}
/// The message, split into records of `size` bytes.
std::string records(const std::string& message, size_t size = 16384) {
  std::string out;
  for (size_t at = 0; at < message.size(); at += size)
    out += "\x16\x03\x01" + vector(message.substr(at, size), 2);
  return out;
}
std::string hello_with(const std::string& extensions, size_t record = 16384) {
  return records(handshake(body_of(extensions)), record);
}

Seen look(std::string_view bytes, ClientHello& hello) {
  // A buffer of the exact size, so that the sanitizer sees a read beyond it.
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  return parse_client_hello({copy.get(), bytes.size()}, hello);
}

const std::string kAlpn = extension(16, vector(vector("h2", 1) + vector("http/1.1", 1), 2));

TEST(ClientHello, NameAndProtocolsHoweverItIsCut) {
  const std::string extensions = extension(0x0a0a, "") + server_name("WWW.Example.Org") +
                                 extension(43, "\x02\x03\x04") + kAlpn;
  for (const size_t record : {16384, 100, 20, 5, 4}) {
    const std::string bytes = hello_with(extensions, record);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ClientHello hello;
      EXPECT_EQ(look(bytes.substr(0, size), hello), Seen::need_more) << record << " " << size;
    }
    for (const char* more : {"", "\x16\x03\x03 and so on"}) {
      ClientHello hello;
      ASSERT_EQ(look(bytes + more, hello), Seen::hello) << record;
      EXPECT_EQ(hello.sni, "www.example.org");
      EXPECT_EQ(hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
    }
  }
}

TEST(ClientHello, WithoutNameOrExtensions) {
  ClientHello hello;
  hello.sni = "old";
  EXPECT_EQ(look(hello_with(""), hello), Seen::hello);
  EXPECT_TRUE(hello.sni.empty());
  const std::string body = body_of("");
  EXPECT_EQ(look(records(handshake(body.substr(0, body.size() - 2))), hello), Seen::hello);
  EXPECT_FALSE(hello.sni_unreadable) << "there is none";
}

TEST(ClientHello, NamesThatAreNoHostNamesAreUnreadable) {
  for (const std::string& name :
       {std::string("127.0.0.1"), std::string("::1"), std::string("a b"), std::string("a\0b", 3),
        std::string("a..b"), std::string("\xc3\xa4.example"), std::string(300, 'a'),
        std::string("a:443"), std::string("*.example"), std::string(), std::string("."),
        std::string("x..evil.test"), std::string(".evil.test"), std::string("evil.test.."),
        std::string("evil.test\0", 10), std::string("\0evil.test", 10)}) {
    ClientHello hello;
    EXPECT_EQ(look(hello_with(server_name(name)), hello), Seen::hello) << name;
    EXPECT_EQ(hello.sni, "") << name;
    EXPECT_EQ(hello.sni_unreadable, name != "127.0.0.1" && name != "::1") << name;
  }
  ClientHello hello;
  EXPECT_EQ(look(hello_with(server_name("a.example.")), hello), Seen::hello);
  EXPECT_EQ(hello.sni, "a.example");
  EXPECT_FALSE(hello.sni_unreadable);
}

TEST(ClientHello, ProtocolsAreBounded) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += vector("p" + std::to_string(i), 1);
  ClientHello hello;
  EXPECT_EQ(look(hello_with(extension(16, vector(list, 2))), hello), Seen::hello);
  EXPECT_EQ(hello.alpn.size(), kMostProtocols);
}

TEST(ClientHello, OpaqueBytes) {
  const std::string good = hello_with(server_name("a.example"));
  const std::string two_names =
      number(0, 1) + vector("a.example", 2) + number(0, 1) + vector("b.example", 2);
  const std::string body = body_of("");
  std::string sslv2 = good;
  sslv2[1] = 2;
  const std::string cases[] = {
      "GET / HTTP/1.1\r\n",
      std::string("\x80\x2e\x01\x03\x01"),
      std::string("\x00", 1),
      std::string("\x17\x03\x01"),
      sslv2,
      std::string("\x16\x03\x01\x00\x00", 5),
      std::string("\x16\x03\x01\x40\x01", 5),
      records(handshake(body, 2)),
      records(handshake(body + "x")),
      records(handshake(body.substr(0, 40))),
      hello_with(server_name("a.example") + server_name("b.example")),
      hello_with(extension(0, vector(two_names, 2))),
      hello_with(extension(0, "")),
      hello_with(extension(0, vector("", 2))),
      hello_with(extension(0, vector(number(0, 1) + number(9, 2) + "a", 2))),
      hello_with(kAlpn + kAlpn),
      hello_with(extension(16, vector(vector("", 1), 2))),
      hello_with("abc"),
      records(std::string("\x01\x00\xff\xff", 4)),
      records(handshake(body_of(extension(21, std::string(17000, 0))))),
      hello_with(server_name("a.example"), 1),
      std::string("\x16\x03\x01\x00\x00", 5) + good,
      good.substr(0, 4) + '\x02' + good.substr(5, 2) + std::string("\x16\x03\x01\x00\x00", 5) +
          "\x16\x03\x01" + vector(good.substr(7), 2),
  };
  for (const std::string& bytes : cases) {
    ClientHello hello;
    EXPECT_EQ(look(bytes, hello), Seen::not_tls) << bytes.substr(0, 60);
    EXPECT_TRUE(hello.sni.empty());
  }
}

TEST(ClientHello, AnyByteMayBeWrong) {
  const std::string good = hello_with(server_name("a.example") + kAlpn, 50);
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good.substr(0, random() % 4 == 0 ? random() % good.size() : good.size());
    for (int n = static_cast<int>(random() % 4); n >= 0 && !bytes.empty(); --n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    ClientHello hello;
    const Seen seen = look(bytes, hello);
    if (seen != Seen::hello) EXPECT_TRUE(hello.sni.empty() && hello.alpn.empty());
  }
}

}  // namespace
}  // namespace weir::tls
