#include "http/userinfo.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/text.h"
#include "http/stage_fake.h"
#include "http/target_parse.h"

namespace weir::http {
namespace {

TEST(Userinfo, BecomesAnAuthorization) {
  const struct {
    const char *target, *shown, *authorization;
  } cases[] = {
      {"http://name:password@h/", "http://h/", "Basic bmFtZTpwYXNzd29yZA=="},
      {"HTTP://name:password@h:81?q", "HTTP://h:81?q", "Basic bmFtZTpwYXNzd29yZA=="},
      {"http://name@h/", "http://h/", "Basic bmFtZTo="},
      {"http://name:@h/", "http://h/", "Basic bmFtZTo="},
      {"http://:pw@h/", "http://h/", "Basic OnB3"},
      {"http://:@h/", "http://h/", "Basic Og=="},
      {"http://@h/", "http://h/", ""},
      {"http://a:b:c@h/", "http://h/", "Basic YTpiOmM="},
      {"http://a%40b:%3a%2F%25@h/", "http://h/", "Basic YUBiOjovJQ=="},
      {"http://j%C3%BC:%e9@h/", "http://h/", "Basic asO8Ouk="},
      {"http://a-._~!$&'()*+,;=Z9:x@h/", "http://h/", "Basic YS0uX34hJCYnKCkqKyw7PVo5Ong="},
      {"http://a:70000@h/", "http://h/", "Basic YTo3MDAwMA=="},
      {"http://a:b@[::1]:81/x@y", "http://[::1]:81/x@y", "Basic YTpi"},
      {"http://a:b@h/to?c=d@e#f@g", "http://h/to?c=d@e", "Basic YTpi"},
      {"http://h/to?c=d@e", "http://h/to?c=d@e", ""},
      {"http://h?c=d@e", "http://h?c=d@e", ""},
      {"/a@b", "/a@b", ""},
      {"//a:b@h/", "//a:b@h/", ""},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.target);
    const auto head = fake_head("GET", test.target, {{"Host", "h"}});
    ASSERT_FALSE(head->fault) << head->fault->detail();
    EXPECT_EQ(head->raw_target, test.shown);
    EXPECT_EQ(head->fields.get(FieldId::authorization), test.authorization);
    EXPECT_EQ(head->fields.size(), *test.authorization ? 2u : 1u);
  }
}

TEST(Userinfo, AnAuthorizationOfTheRequestsOwnStays) {
  const auto head =
      fake_head("GET", "http://name:password@h/", {{"Host", "h"}, {"Authorization", "Bearer x"}});
  ASSERT_FALSE(head->fault);
  EXPECT_EQ(lines_of(head->fields), "Host: h\nAuthorization: Bearer x\n");
  EXPECT_EQ(head->raw_target, "http://h/");
  EXPECT_TRUE(head->login.empty());
}

TEST(Userinfo, WhatIsRefusedIsNotShownEither) {
  const struct {
    const char *method, *target, *shown;
  } cases[] = {
      {"GET", "http://user:sec@ret@site/", "http://site/"},
      {"GET", "http://us%3Aer:sec@site/", "http://site/"},
      {"GET", "http://user:sec%0aret@site/", "http://site/"},
      {"GET", "http://user:sec%7Fret@site/", "http://site/"},
      {"GET", "http://user:sec%@site/", "http://site/"},
      {"GET", "http://user:sec%4@site/", "http://site/"},
      {"GET", "http://user:sec%4x@site/", "http://site/"},
      {"GET", "http://user:sec\\ret@site/", "http://site/"},
      {"GET", "http://user:sec#ret@site/", "http://site/"},
      {"GET", "http://user:sec[ret@site/", "http://site/"},
      {"GET", "http://user:sec\xc3\xa9@site/", "http://site/"},
      {"GET", "http://user:sec\"ret@site/", "http://site/"},
      {"GET", "http://user:sec@si..te/", "http://si..te/"},
      {"GET", "http://user:sec@/", "http:///"},
      {"GET", "http://user:sec@:80/", "http://:80/"},
      {"GET", "http://user@x:sec/ret@site/", "http://site/"},
      {"GET", "http://user:sec/ret@site/", "http://site/"},
      {"GET", "http://user:sec?ret@site/", "http://site/"},
      {"GET", "http:/user:secret@site/x", "http:/site/x"},
      {"GET", "http:user:secret@site/x", "site/x"},
      {"GET", "x:secret@/path", "/path"},
      {"GET", "secret@http://site/", "http://site/"},
      {"OPTIONS", "secret@*", "*"},
      {"GET", "ftp://user:secret@site", "ftp://site"},
      {"CONNECT", "user:secret@site:443", "site:443"},
      {"CONNECT", "secret@site:443", "site:443"},
      {"CONNECT", "@site:443", "site:443"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.target);
    const auto head = fake_head(test.method, test.target, {{"Host", "h"}});
    ASSERT_TRUE(head->fault);
    EXPECT_EQ(head->fault->status(), 400);
    EXPECT_EQ(head->fault->detail().find("sec"), std::string_view::npos);
    EXPECT_EQ(head->raw_target, test.shown);
    EXPECT_TRUE(head->login.empty());
    EXPECT_EQ(lines_of(head->fields), "Host: h\n");
  }
}

TEST(Userinfo, EveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    SCOPED_TRACE(byte);
    // '/' and '?' end the authority, whose port is then invalid; ':' divides name and password, and
    // '%' needs two digits.
    const bool fine =
        base::is_alpha(c) || base::is_digit(c) || (c != 0 && std::strchr("-._~!$&'()*+,;=:", c));
    EXPECT_EQ(!fake_head("GET", std::string("http://u:p") + c + "w@h/", {{"Host", "h"}})->fault,
              fine);
    constexpr const char* kDigits = "0123456789abcdef";
    const std::string encoded = std::string("%") + kDigits[byte >> 4] + kDigits[byte & 15];
    const bool in_password = byte >= 0x20 && byte != 0x7f;
    EXPECT_EQ(!fake_head("GET", "http://u:p" + encoded + "@h/", {{"Host", "h"}})->fault,
              in_password);
    EXPECT_EQ(!fake_head("GET", "http://u" + encoded + ":p@h/", {{"Host", "h"}})->fault,
              in_password && c != ':');
  }
}

TEST(Userinfo, ALoginIsOfOneOrigin) {
  const struct {
    Scheme scheme;
    const char* host;
    uint16_t port;
    bool kept;
  } cases[] = {{Scheme::http, "h", 80, true},
               {Scheme::http, "h", 81, false},
               {Scheme::http, "i", 80, false},
               {Scheme::https, "h", 80, false}};
  for (const auto& test : cases) {
    const auto head = fake_head("GET", "http://name:password@h/", {{"Host", "h"}});
    head->target.scheme = test.scheme;
    head->target.host = test.host;
    head->target.port = test.port;
    head->target.path = "/other";
    drop_foreign_login(*head);
    EXPECT_EQ(head->fields.has(FieldId::authorization), test.kept);
  }
  // A field that the client wrote itself stays unchanged.
  const auto head =
      fake_head("GET", "http://name:password@h/", {{"Host", "h"}, {"Authorization", "Bearer x"}});
  head->target.host = "i";
  drop_foreign_login(*head);
  EXPECT_TRUE(head->fields.has(FieldId::authorization));
}

TEST(Userinfo, AChangedTargetHasItsOwnSpelling) {
  const auto head = fake_head("GET", "http://name:password@H:80/", {{"Host", "h"}});
  head->target.path = "/other";
  follow_changed_target(*head);
  EXPECT_EQ(head->target.written_authority, "H:80");
  EXPECT_TRUE(head->fields.has(FieldId::authorization));
  head->target.host = head->target.authority = "i";
  follow_changed_target(*head);
  EXPECT_EQ(head->target.written_authority, "i");
  EXPECT_FALSE(head->fields.has(FieldId::authorization));
}

}  // namespace
}  // namespace weir::http
