#include "stages/validate/validate.h"

#include "stages/validate/max_forwards.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::validate {
namespace {

using base::ErrorType;
using http::FieldId;
using http::Version;

const MaxForwards kMaxForwards;
const Validate kStage(std::make_shared<const http::OwnNames>(
                          "weir.internal",
                          std::vector<base::Endpoint>{{base::IpAddress::v4(127, 0, 0, 1), 9876}}),
                      "weir-test");

std::unique_ptr<http::Body> some_content() {
  return std::make_unique<http::TextBody>("content");
}

TEST(Validate, TheCodecsVerdictComesFirst) {
  http::FakeStages fake;
  auto head = http::fake_head("GET", "http://site/");
  head->fault.emplace(ErrorType::http_request_error, 431, "too large");
  EXPECT_EQ(fake.run(kStage, fake.request(std::move(head))).status(), 431);
  EXPECT_EQ(fake.calls, 0);
  EXPECT_EQ(fake.run(kStage, "GET", "http://us^er@site/").status(), 400);
  EXPECT_EQ(fake.run(kStage, "GET", "http://site/", {}).status(), 400) << "no Host";
}

TEST(Validate, TargetsOutsideOfTunnels) {
  const struct {
    const char *method, *target, *host;
    int status;
  } cases[] = {
      {"GET", "http://site/", "site", 200},
      {"GET", "http://site/", "other", 200},
      {"get", "http://site/", "site", 200},
      {"CONNECT", "site:443", "site:443", 200},
      {"GET", "https://site/", "site", 200},
      {"OPTIONS", "http://site", "site", 200},
      // Weir is not the server of that name.
      {"GET", "/", "site", 421},
      {"GET", "/", "127.0.0.1:80", 421},
      {"GET", "/", "localhost:80", 421},
      {"GET", "/", "10.0.0.1:9876", 421},
      {"OPTIONS", "*", "site", 421},
      // Weir itself.
      {"GET", "/", "127.0.0.1:9876", 200},
      {"GET", "/", "localhost:9876", 200},
      {"GET", "/", "weir.internal", 200},
      {"GET", "/", "weir.internal:9876", 200},
      {"GET", "/", "weir.internal:81", 421},
      {"OPTIONS", "*", "127.0.0.1:9876", 200},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    const http::Outcome outcome = fake.run(kStage, c.method, c.target, {{"Host", c.host}});
    EXPECT_EQ(outcome.status(), c.status) << c.method << " " << c.target << " " << c.host;
    EXPECT_EQ(fake.calls, c.status == 200 ? 1 : 0) << c.target << " " << c.host;
  }
}

TEST(Validate, InsideATunnelTheAuthorityIsFixed) {
  struct Case {
    const char *opened_host, *inner_host;
    uint16_t opened_port;
    const char *method, *target, *host;
    int status;
  };
  for (const Case& c : {
           Case{"site", "", 80, "GET", "/", "site", 200},
           Case{"site", "", 80, "GET", "/", "SITE.", 200},
           Case{"site", "", 80, "GET", "http://site/", "site", 200},
           Case{"site", "", 80, "GET", "http://site/", "other", 200},
           Case{"site", "", 80, "GET", "/", "other", 421},
           Case{"site", "", 80, "GET", "/", "site:81", 421},
           Case{"site", "", 80, "GET", "http://other/", "site", 421},
           Case{"site", "", 80, "GET", "https://site:80/", "site", 421},
           Case{"site", "", 80, "CONNECT", "site:80", "site:80", 400},
           Case{"site", "", 80, "OPTIONS", "*", "site", 200},
           Case{"site", "", 8080, "GET", "/", "site:8080", 200},
           Case{"site", "", 8080, "GET", "/", "site", 421},
           Case{"site", "", 443, "GET", "/", "site", 421},
           Case{"site", "", 80, "GET", "/", "weir.internal", 421},
           Case{"site", "", 80, "GET", "/", "127.0.0.1:9876", 421},
           // Opened by address: the first Host set the name for later requests.
           Case{"192.0.2.1", "site", 80, "GET", "/", "site", 200},
           Case{"192.0.2.1", "site", 80, "GET", "/", "192.0.2.1", 421},
           Case{"192.0.2.1", "", 80, "GET", "/", "192.0.2.1", 200},
       }) {
    http::FakeStages fake;
    fake.session->depth = 1;
    fake.session->opened_host = c.opened_host;
    fake.session->inner_host = c.inner_host;
    fake.session->opened_port = c.opened_port;
    EXPECT_EQ(fake.run(kStage, c.method, c.target, {{"Host", c.host}}).status(), c.status)
        << c.opened_host << " " << c.method << " " << c.target << " " << c.host;
    EXPECT_EQ(fake.calls, c.status == 200 ? 1 : 0);
  }
}

TEST(Validate, LoopsAreNoticedByVia) {
  const struct {
    const char* via;
    bool loops;
  } cases[] = {
      {"1.1 weir-test", true},
      {"1.1 WEIR-TEST", true},
      {"1.0 other, 1.1 weir-test", true},
      {"1.0 other,1.1 weir-test (comment), 1.1 more", true},
      {"HTTP/1.1\tweir-test(comment)", true},
      {"1.1  weir-test ", true},
      {"1.1 weir-test2", false},
      {"1.1 my-weir-test", false},
      {"1.1 other (weir-test)", false},
      {"weir-test", false},
      {"weir-test 1.1", false},
      {",,,", false},
      {"", false},
  };
  for (const auto& c : cases) {
    for (const bool second_line : {false, true}) {
      http::FakeStages fake;
      http::FieldLines fields{{"Host", "site"}};
      if (second_line) fields.emplace_back("Via", "1.1 first");
      fields.emplace_back("Via", c.via);
      const http::Outcome outcome = fake.run(kStage, "GET", "http://site/", fields);
      EXPECT_EQ(outcome.status(), c.loops ? 508 : 200) << c.via;
      if (c.loops) EXPECT_EQ(outcome.error->type(), ErrorType::proxy_loop_detected);
    }
  }
}

TEST(MaxForwards, IsCountedDownAndEndsHere) {
  const struct {
    const char *method, *forwards;
    int status;
    const char* passed_on;  // Empty: the request ended here.
  } cases[] = {
      {"OPTIONS", "0", 200, ""},
      {"TRACE", "0", 200, ""},
      {"OPTIONS", "1", 200, "0"},
      {"TRACE", "10", 200, "9"},
      {"TRACE", "007", 200, "6"},
      {"TRACE", "-1", 400, ""},
      {"TRACE", "", 400, ""},
      {"TRACE", "1x", 400, ""},
      {"OPTIONS", "4294967295", 200, "4294967294"},
      {"OPTIONS", "4294967296", 400, ""},
      {"GET", "0", 200, "0"},
      {"GET", "many", 200, "many"},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    const http::Outcome outcome = fake.run(kMaxForwards, c.method, "http://site/",
                                           {{"Host", "site"}, {"Max-Forwards", c.forwards}});
    EXPECT_EQ(outcome.status(), c.status) << c.method << " " << c.forwards;
    EXPECT_EQ(fake.fields,
              *c.passed_on ? std::string("Host: site\nMax-Forwards: ") + c.passed_on + "\n" : "")
        << c.method << " " << c.forwards;
    EXPECT_EQ(fake.calls, *c.passed_on ? 1 : 0);
  }
  http::FakeStages fake;
  EXPECT_EQ(fake.run(kMaxForwards, "TRACE", "http://site/",
                     {{"Host", "site"}, {"Max-Forwards", "1"}, {"Max-Forwards", "1"}})
                .status(),
            400);
  EXPECT_EQ(fake.run(kMaxForwards, "TRACE", "http://site/").status(), 200);
  EXPECT_EQ(fake.calls, 1);
}

TEST(MaxForwards, TraceShowsWhatCameWithoutItsSecrets) {
  http::FakeStages fake;
  http::Outcome outcome = fake.run(kMaxForwards, "TRACE", "http://site/path?x",
                                   {{"Host", "site"},
                                    {"Max-Forwards", "0"},
                                    {"Cookie", "a"},
                                    {"Authorization", "b"},
                                    {"Proxy-Authorization", "c"},
                                    {"X-Own", "d"}});
  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.field(FieldId::content_type), "message/http");
  EXPECT_EQ(
      http::content_of(*outcome.response),
      "TRACE http://site/path?x HTTP/1.1\r\nHost: site\r\nMax-Forwards: 0\r\nX-Own: d\r\n\r\n");
  http::Request with_content =
      fake.request(http::fake_head("TRACE", "http://site/", {{"Host", "site"}}));
  with_content.body = some_content();
  EXPECT_EQ(fake.run(kMaxForwards, std::move(with_content)).status(), 400);
  outcome =
      fake.run(kMaxForwards, "OPTIONS", "http://site", {{"Host", "site"}, {"Max-Forwards", "0"}});
  ASSERT_TRUE(outcome.response);
  EXPECT_NE(outcome.response->head->fields.find("Allow"), nullptr);
}

TEST(Validate, WhatIsMeantForOneHopGoes) {
  http::FakeStages fake;
  EXPECT_EQ(fake.run(kStage, "GET", "http://site/",
                     {{"Host", "site"},
                      {"Connection", "keep-alive, X-Mine"},
                      {"X-Mine", "1"},
                      {"Keep-Alive", "timeout=5"},
                      {"Proxy-Connection", "keep-alive"},
                      {"TE", "trailers"},
                      {"Upgrade", "h2c"},
                      {"X-Other", "2"},
                      {"Proxy-Authorization", "stays for auth"}})
                .status(),
            200);
  EXPECT_EQ(fake.fields, "Host: site\nX-Other: 2\nProxy-Authorization: stays for auth\n");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "x-" + std::to_string(i) + ", ";
  EXPECT_EQ(
      fake.run(kStage, "GET", "http://site/", {{"Host", "site"}, {"Connection", many}}).status(),
      400);
}

TEST(Validate, TrailersThatTheClientWantsAreAskedForByForward) {
  struct Case {
    const char* te;
    Version version;
    bool wanted;
  };
  for (const Case& c :
       {Case{"trailers", Version::http_1_1, true},
        Case{"gzip, Trailers;q=0.5", Version::http_1_1, false},
        Case{"gzip;q=0.5, TRAILERS", Version::http_1_1, true},
        Case{"gzip", Version::http_1_1, false}, Case{"trailers", Version::http_1_0, false}}) {
    http::FakeStages fake;
    bool wanted = false;
    fake.next = [&](http::Request& request) -> base::Result<http::Response> {
      wanted = request.te_trailers;
      return http::Response();
    };
    (void)fake.run(kStage, fake.request(http::fake_head(
                               "GET", "http://site/",
                               {{"Host", "site"}, {"TE", c.te}, {"Connection", "TE"}}, c.version)));
    EXPECT_EQ(wanted, c.wanted) << c.te;
    EXPECT_EQ(fake.fields, "Host: site\n");
  }
}

TEST(Validate, AnUpgradeIsWebsocketOrNone) {
  struct Case {
    const char *method, *connection, *upgrade;
    Version version;
    bool content, websocket;
  };
  for (const Case& c : {
           Case{"GET", "Upgrade", "websocket", Version::http_1_1, false, true},
           Case{"GET", "keep-alive, upgrade", "WebSocket", Version::http_1_1, false, true},
           Case{"GET", "Upgrade", "h2c, websocket", Version::http_1_1, false, true},
           Case{"GET", "Upgrade", "h2c", Version::http_1_1, false, false},
           Case{"GET", "keep-alive", "websocket", Version::http_1_1, false, false},
           Case{"POST", "Upgrade", "websocket", Version::http_1_1, false, false},
           Case{"GET", "Upgrade", "websocket", Version::http_1_1, true, false},
           Case{"GET", "Upgrade", "websocket", Version::http_1_0, false, false},
       }) {
    http::FakeStages fake;
    http::Upgrade upgrade = http::Upgrade::none;
    fake.next = [&](http::Request& request) -> base::Result<http::Response> {
      upgrade = request.upgrade;
      return http::Response{.head = http::ResponseHead::make(200)};
    };
    http::Request request = fake.request(http::fake_head(
        c.method, "http://site/",
        {{"Host", "site"}, {"Connection", c.connection}, {"Upgrade", c.upgrade}}, c.version));
    if (c.content) request.body = some_content();
    EXPECT_EQ(fake.run(kStage, request).status(), 200);
    EXPECT_EQ(upgrade == http::Upgrade::websocket, c.websocket)
        << c.method << " " << c.connection << " " << c.upgrade;
    EXPECT_EQ(fake.fields, "Host: site\n");
  }
}

}  // namespace
}  // namespace weir::validate
