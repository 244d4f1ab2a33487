#include "http/target_parse.h"

#include <gtest/gtest.h>

#include <string>

#include "http/userinfo.h"

namespace weir::http {
namespace {

struct Buffer {
  char first[64];
  Arena arena{first, sizeof first};
};

TEST(ParseAuthority, Accepts) {
  struct {
    std::string_view text, host;
    uint16_t port;
    bool literal, had_port;
    std::string_view written;
  } const cases[] = {
      {"example.org", "example.org", 80, false, false, "example.org"},
      {"Example.ORG:8080", "example.org", 8080, false, true, "example.org:8080"},
      {"example.org:80", "example.org", 80, false, true, "example.org"},
      {"example.org:", "example.org", 80, false, false, "example.org"},
      {"example.org.", "example.org", 80, false, false, "example.org"},
      {"example.org.:81", "example.org", 81, false, true, "example.org:81"},
      {"localhost", "localhost", 80, false, false, "localhost"},
      {"a_b-c.x", "a_b-c.x", 80, false, false, "a_b-c.x"},
      {"-a.b-", "-a.b-", 80, false, false, "-a.b-"},
      {"127.0.0.1", "127.0.0.1", 80, true, false, "127.0.0.1"},
      {"127.0.0.1.", "127.0.0.1", 80, true, false, "127.0.0.1"},
      {"255.255.255.255:65535", "255.255.255.255", 65535, true, true, "255.255.255.255:65535"},
      {"1.2.3.4.com", "1.2.3.4.com", 80, false, false, "1.2.3.4.com"},
      {"1.2.3.x4", "1.2.3.x4", 80, false, false, "1.2.3.x4"},
      {"0xg", "0xg", 80, false, false, "0xg"},
      {"a.1b", "a.1b", 80, false, false, "a.1b"},
      {"[::1]", "::1", 80, true, false, "[::1]"},
      {"[::]:1", "::", 1, true, true, "[::]:1"},
      {"[::1]:", "::1", 80, true, false, "[::1]"},
      {"[0:0:0:0:0:0:0:1]:80", "::1", 80, true, true, "[::1]"},
      {"[2001:DB8::ABCD]:443", "2001:db8::abcd", 443, true, true, "[2001:db8::abcd]:443"},
      {"[::FFFF:1.2.3.4]", "::ffff:1.2.3.4", 80, true, false, "[::ffff:1.2.3.4]"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.text);
    Buffer buffer;
    const auto authority = parse_authority(test.text, 80, buffer.arena);
    ASSERT_TRUE(authority) << authority.error().detail();
    EXPECT_EQ(authority->host, test.host);
    EXPECT_EQ(authority->port, test.port);
    EXPECT_EQ(authority->literal, test.literal);
    EXPECT_EQ(authority->had_port, test.had_port);
    const std::string_view written = serialise_authority(*authority, 80, buffer.arena);
    EXPECT_EQ(written, test.written);
    if (authority->canonical && authority->port != 80) EXPECT_EQ(test.text, written);
    const auto again = parse_authority(written, 80, buffer.arena);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->host, test.host);
    EXPECT_EQ(again->port, test.port);
    EXPECT_TRUE(again->canonical);
  }
}

TEST(ParseAuthority, Refuses) {
  const std::string label(64, 'a');
  std::string name;
  while (name.size() < 250) name += "abcd.";
  name += "abcd";
  const std::string_view cases[] = {
      "",
      ":",
      ":80",
      ".",
      "..",
      ".a",
      "a..b",
      "a..",
      "a b",
      "a\tb",
      "a/b",
      "a?b",
      "a#b",
      "a@b",
      "@b",
      "a:b@c",
      "a\\b",
      "a%41",
      "%61",
      "a\x80",
      "\xc3\xa4",
      "a,b",
      "a;b",
      "a'b",
      "a\"b",
      "a<b",
      "a>b",
      "a[b",
      "a]b",
      "a{b",
      "a|b",
      "a^b",
      "a`b",
      "a!b",
      "a$b",
      "a&b",
      "a(b",
      "a*b",
      "*",
      "a+b",
      "a=b",
      "a~b",
      "a\x7f",
      std::string_view("a\0b", 3),
      "a:80:80",
      "a:b:80",
      "::1",
      "a:x",
      "a:8o",
      "a:-1",
      "a:+80",
      "a: 80",
      "a:80 ",
      "a:0",
      "a:00",
      "a:080",
      "a:65536",
      "a:99999",
      "a:100000",
      "a:4294967376",
      "a:0x50",
      label,
      name,
      "127.1",
      "127.0.0.256",
      "127.0.0.01",
      "0127.0.0.1",
      "127.0.0",
      "127.0.0.1.1",
      "1.2.3.4..",
      "0x7f.1",
      "0x7f000001",
      "0X7F.0.0.1",
      "127.0.0.0x1",
      "0x",
      "1.0x",
      "a.0x",
      "2130706433",
      "017700000001",
      "a.b.1",
      "example.org.5",
      "1..2",
      "09",
      "a.09",
      "[]",
      "[",
      "]",
      "[::1",
      "[::1]x",
      "[::1]:x",
      "[::1]:0",
      "[::1]]",
      "[[::1]]",
      "[::1%lo]",
      "[::1%25lo]",
      "[fe80::1%1]",
      "[v1.a]",
      "[1.2.3.4]",
      "[12345::]",
      "[1:2:3:4:5:6:7]",
      "[1:2:3:4:5:6:7:8:9]",
      "[::1::]",
      "[:1]",
      "[g::]",
      "[::1.2.3]",
      "[::01.2.3.4]",
      "[ ::1]",
      "x[::1]",
      "[::1].",
      "[::ffff:1.2.3.4.]",
      "[0000:0000:0000:0000:0000:0000:0000:00001]",
  };
  for (const std::string_view text : cases) {
    SCOPED_TRACE(std::string(text));
    Buffer buffer;
    const auto authority = parse_authority(text, 80, buffer.arena);
    ASSERT_FALSE(authority) << authority->host;
    EXPECT_EQ(authority.error().status(), 400);
    EXPECT_FALSE(authority.error().detail().empty());
  }
}

TEST(ParseAuthority, LongestNames) {
  std::string name(63, 'a');
  name = name + "." + name + "." + name + "." + std::string(61, 'b');
  ASSERT_EQ(name.size(), 253u);
  Buffer buffer;
  EXPECT_TRUE(parse_authority(name, 80, buffer.arena));
  EXPECT_TRUE(parse_authority(name + ".:80", 80, buffer.arena));
  EXPECT_FALSE(parse_authority(name + "b", 80, buffer.arena));
}

base::Ref<RequestHead> head_of(std::string_view method, std::string_view target,
                               std::string_view host) {
  auto head = RequestHead::make();
  head->method_token = head->copy(method);
  head->method = method_of(method);
  set_raw_target(*head, head->copy(target));
  head->fields.add(FieldId::host, host);
  return head;
}

TEST(ParseTarget, WhatTheStagesSee) {
  struct {
    std::string_view method, target, host;
    TargetForm form;
    Scheme scheme;
    std::string_view to_host;
    uint16_t port;
    std::string_view path, authority;
  } const cases[] = {
      {"GET", "http://a.example/b?c", "x", TargetForm::absolute, Scheme::http, "a.example", 80,
       "/b?c", "a.example"},
      {"GET", "https://A.example:443/", "x", TargetForm::absolute, Scheme::https, "a.example", 443,
       "/", "a.example"},
      {"GET", "https://a.example:80", "x", TargetForm::absolute, Scheme::https, "a.example", 80,
       "/", "a.example:80"},
      {"GET", "http://a.example?", "x", TargetForm::absolute, Scheme::http, "a.example", 80, "/?",
       "a.example"},
      {"OPTIONS", "http://a.example", "x", TargetForm::absolute, Scheme::http, "a.example", 80, "*",
       "a.example"},
      {"OPTIONS", "*", "a.example:81", TargetForm::asterisk, Scheme::http, "a.example", 81, "*",
       "a.example:81"},
      {"OPTIONS", "*", "", TargetForm::asterisk, Scheme::http, "", 0, "*", ""},
      {"GET", "/http://b/", "a.example:80", TargetForm::origin, Scheme::http, "a.example", 80,
       "/http://b/", "a.example"},
      {"GET", "/", "[::1]:9876", TargetForm::origin, Scheme::http, "::1", 9876, "/", "[::1]:9876"},
      {"CONNECT", "[::1]:443", "x", TargetForm::authority, Scheme::none, "::1", 443, "",
       "[::1]:443"},
      {"CONNECT", "A.example.:443", "x", TargetForm::authority, Scheme::none, "a.example", 443, "",
       "a.example:443"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(std::string(test.method) + " " + std::string(test.target));
    const auto head = head_of(test.method, test.target, test.host);
    const auto fine = parse_target(*head);
    ASSERT_TRUE(fine) << fine.error().detail();
    EXPECT_EQ(head->target.form, test.form);
    EXPECT_EQ(head->target.scheme, test.scheme);
    EXPECT_EQ(head->target.host, test.to_host);
    EXPECT_EQ(head->target.port, test.port);
    EXPECT_EQ(head->target.path, test.path);
    EXPECT_EQ(head->target.authority, test.authority);
  }
}

TEST(ParseTarget, InsideATlsSessionOriginFormIsHttps) {
  const auto head = head_of("GET", "/", "a.example");
  ASSERT_TRUE(parse_target(*head, Scheme::https));
  EXPECT_EQ(head->target.scheme, Scheme::https);
  EXPECT_EQ(head->target.port, 443);
  EXPECT_EQ(head->target.authority, "a.example");
}

TEST(ParseTarget, AFailureLeavesTheTargetAlone) {
  for (const char* target : {"http://a@b@c/", "http://a^b@c/", "http://a..b/", "http://a:70000/"}) {
    const auto head = head_of("GET", target, "x");
    ASSERT_FALSE(parse_target(*head)) << target;
    EXPECT_TRUE(head->target.host.empty());
  }
}

TEST(ParseTarget, TheAuthorityAsItWasWritten) {
  const struct {
    std::string_view target, host, written, authority;
  } cases[] = {
      {"http://Name.Example:80/", "x", "Name.Example:80", "name.example"},
      {"http://name.example./", "x", "name.example.", "name.example"},
      {"http://name.example:/", "x", "name.example:", "name.example"},
      {"http://name:pw@NAME:81/", "x", "NAME:81", "name:81"},
      {"http://[0:0::1]:80/", "x", "[0:0::1]:80", "[::1]"},
      {"/", "Name:80", "Name:80", "name"},
      {"/", "name.:81", "name.:81", "name:81"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.target);
    const auto head = head_of("GET", test.target, test.host);
    ASSERT_TRUE(parse_target(*head));
    EXPECT_EQ(head->target.written_authority, test.written);
    EXPECT_EQ(head->target.authority, test.authority);
  }
}

TEST(ParseTarget, TheTextSaysWhatIsWrong) {
  const struct {
    std::string_view method, target, text;
  } cases[] = {
      {"GET", "http:///path", "The host is empty."},
      {"GET", "http://:80/", "The host is empty."},
      {"GET", "http://?x", "The host is empty."},
      {"GET", "http://<x>/", "The host has a byte that no host name has."},
      {"GET", "http://%61/", "The host is percent-encoded."},
      {"GET", "http://\\x/", "The authority has a backslash."},
      {"GET", "http://x#y", "The authority has a '#'."},
      {"GET", "http://#y", "The authority has a '#'."},
      {"CONNECT", "<x>:443", "The host has a byte that no host name has."},
      {"CONNECT", "a:b@x:443",
       "The authority has user information; credentials do not belong there."},
  };
  for (const auto& test : cases) {
    const auto fine = parse_target(*head_of(test.method, test.target, "x"));
    ASSERT_FALSE(fine) << test.target;
    EXPECT_EQ(fine.error().detail(), test.text) << test.target;
  }
}

TEST(ParseTarget, AFragmentGoes) {
  const struct {
    std::string_view target, path, shown;
  } cases[] = {
      {"http://h/a#b", "/a", "http://h/a"},
      {"http://h/#", "/", "http://h/"},
      {"http://h?a#b?c", "/?a", "http://h?a"},
      {"http://h?#", "/?", "http://h?"},
      {"/a?b#c#d/e", "/a?b", "/a?b"},
      {"/#@x", "/", "/"},
      {"http://u:p@h/a#b@c", "/a", "http://h/a"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.target);
    const auto head = head_of("GET", test.target, "h");
    ASSERT_TRUE(parse_target(*head));
    EXPECT_EQ(head->target.path, test.path);
    EXPECT_EQ(head->raw_target, test.shown);
  }
  for (const char* target : {"/a#b c", "/a#\x7f", "/a##\x01", "http://h#/", "http://h#"})
    EXPECT_FALSE(parse_target(*head_of("GET", target, "h"))) << target;
}

TEST(ParseTarget, EveryByteInPathAndHost) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    SCOPED_TRACE(byte);
    const bool in_path = byte > 0x20 && byte != 0x7f;
    for (const std::string& target : {std::string("/a") + c + "b",
                                      std::string("http://h/a") + c + "b", std::string("/?") + c}) {
      EXPECT_EQ(parse_target(*head_of("GET", target, "h")).has_value(), in_path);
    }
    const bool in_host = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    EXPECT_EQ(parse_target(*head_of("GET", "/", std::string("h") + c + "h")).has_value(), in_host);
    // In a URL '/' and '?' end the authority, and a name may stand before an '@'.
    EXPECT_EQ(parse_target(*head_of("GET", std::string("http://h") + c + "h", "h")).has_value(),
              in_host || c == '/' || c == '?' || c == '@');
  }
}

TEST(HostName, NoAddress) {
  EXPECT_TRUE(is_host_name("a.example"));
  EXPECT_FALSE(is_host_name("127.0.0.1"));
  EXPECT_FALSE(is_host_name("127.1"));
  EXPECT_FALSE(is_host_name("::1"));
  EXPECT_FALSE(is_host_name("a."));
  EXPECT_FALSE(is_host_name(""));
}

}  // namespace
}  // namespace weir::http
