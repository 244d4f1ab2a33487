#include "stages/own/own.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"
#include "stages/own/denials_text.h"

namespace weir::own {
namespace {

using http::FieldId;

const journal::Denials kDenials;
const Own kStage(std::make_shared<const http::OwnNames>(
                     "weir.internal",
                     std::vector<base::Endpoint>{{base::IpAddress::v4(127, 0, 0, 1), 9876}}),
                 "1.2.3", {.denials = kDenials});

TEST(Own, AnswersNothingThatPolicyHasNotSeen) {
  for (const char* method : {"GET", "CONNECT"}) {
    http::FakeStages fake;
    fake.decided = false;
    EXPECT_EQ(
        fake.run(kStage, method, method[0] == 'G' ? "http://weir.internal/" : "weir.internal:80")
            .status(),
        500);
    EXPECT_EQ(fake.calls, 0);
  }
}

TEST(Own, AnswersUnderItsOwnNamesAlone) {
  const struct {
    const char *method, *target, *host;
    int status;  // 0: passed to next.
  } cases[] = {
      {"GET", "http://weir.internal/", "x", 200},
      {"GET", "http://weir.internal/?query", "x", 200},
      {"HEAD", "http://weir.internal/", "x", 200},
      {"OPTIONS", "http://weir.internal", "x", 200},
      {"GET", "http://weir.internal/other", "x", 404},
      {"POST", "http://weir.internal/", "x", 405},
      {"BREW", "http://weir.internal/", "x", 405},
      {"GET", "/", "127.0.0.1:9876", 200},
      {"GET", "/", "localhost:9876", 200},
      {"GET", "http://127.0.0.1:9876/", "x", 200},
      {"GET", "http://127.0.0.1/", "x", 0},
      {"GET", "http://127.0.0.2:9876/", "x", 0},
      {"GET", "http://localhost/", "x", 0},
      {"GET", "http://weir.internal:81/", "x", 0},
      {"GET", "http://www.weir.internal/", "x", 0},
      {"GET", "http://site/", "x", 0},
      {"CONNECT", "site:443", "x", 0},
      {"CONNECT", "127.0.0.1:9876", "x", 0},
      {"CONNECT", "weir.internal:80", "x", 200},
      {"CONNECT", "weir.internal:443", "x", 403},
      {"CONNECT", "weir.internal:9876", "x", 403},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    const http::Outcome outcome = fake.run(kStage, c.method, c.target, {{"Host", c.host}});
    EXPECT_EQ(fake.calls, c.status == 0 ? 1 : 0) << c.method << " " << c.target;
    if (c.status != 0) EXPECT_EQ(outcome.status(), c.status) << c.method << " " << c.target;
    if (c.status == 405 || c.method == std::string("OPTIONS"))
      EXPECT_NE(outcome.response->head->fields.find("Allow"), nullptr) << c.target;
  }
}

TEST(Own, AConnectIsASessionInsideWithoutAnOrigin) {
  http::FakeStages fake;
  const http::Outcome outcome = fake.run(kStage, "CONNECT", "weir.internal:80");
  ASSERT_TRUE(outcome.response && outcome.response->tunnel);
  EXPECT_TRUE(outcome.response->tunnel->own());
  EXPECT_EQ(outcome.response->tunnel->origin(), nullptr);
  EXPECT_FALSE(outcome.response->tunnel->into_pin());
  EXPECT_FALSE(outcome.response->body);
}

TEST(Own, InASessionOfItsOwnThereIsNothingElse) {
  http::FakeStages fake;
  fake.session->own = true;
  fake.session->depth = 1;
  EXPECT_EQ(fake.run(kStage, "GET", "/", {{"Host", "weir.internal"}}).status(), 200);
  EXPECT_EQ(fake.run(kStage, "GET", "/x", {{"Host", "site"}}).status(), 404);
  EXPECT_EQ(fake.calls, 0);
}

TEST(Own, ThePageSaysWhatItSeesOfThisClient) {
  http::FakeStages fake;
  fake.session->client = {base::IpAddress::v4(127, 0, 0, 7), 40'000};
  http::Outcome text =
      fake.run(kStage, "GET", "http://weir.internal/", {{"Host", "weir.internal"}});
  ASSERT_TRUE(text.response);
  EXPECT_EQ(text.field(FieldId::content_type), "text/plain; charset=utf-8");
  EXPECT_EQ(text.field(FieldId::cache_control), "no-store");
  const std::string plain = http::content_of(*text.response);
  for (const char* part : {"1.2.3", "127.0.0.7", "127.0.0.1:9876", "through the proxy"})
    EXPECT_NE(plain.find(part), std::string::npos) << part;

  http::Outcome html = fake.run(kStage, "GET", "/",
                                {{"Host", "127.0.0.1:9876"},
                                 {"Accept", "text/html,*/*"},
                                 {"User-Agent", "<script>\"'&"},
                                 {"Cookie", "secret"}});
  ASSERT_TRUE(html.response);
  EXPECT_EQ(html.field(FieldId::content_type), "text/html; charset=utf-8");
  EXPECT_EQ(html.field(FieldId::content_security_policy),
            "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; "
            "base-uri 'none'");
  const std::string page = http::content_of(*html.response);
  for (const char* part : {"1.2.3", "127.0.0.7", "127.0.0.1:9876", "&lt;script&gt;", "directly"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  EXPECT_NE(page.find("<link rel=\"stylesheet\" href=\"/style.css\">"), std::string::npos);
  // The policy would stop these.
  for (const char* part : {"<style", "style=", "<img", "<form", "<iframe", "<base"})
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("secret"), std::string::npos);
}

TEST(Own, WhateverItAnswersIsForItsOwnPagesAlone) {
  const struct {
    const char *method, *path, *type;
    int status;
  } cases[] = {
      {"GET", "/", "text/html; charset=utf-8", 200},
      {"HEAD", "/", "text/html; charset=utf-8", 200},
      {"GET", "/style.css", "text/css; charset=utf-8", 200},
      {"GET", "/style.css?x", "text/css; charset=utf-8", 200},
      {"GET", "/style.css/", "text/html; charset=utf-8", 404},
      {"GET", "/none", "text/html; charset=utf-8", 404},
      {"POST", "/", "text/plain; charset=utf-8", 405},
      {"POST", "/style.css", "text/plain; charset=utf-8", 405},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    const http::Outcome outcome =
        fake.run(kStage, c.method, std::string("http://weir.internal") + c.path,
                 {{"Host", "weir.internal"}, {"Accept", "text/html"}});
    EXPECT_EQ(outcome.status(), c.status) << c.path;
    EXPECT_EQ(outcome.field(FieldId::content_type), c.type) << c.path;
    EXPECT_EQ(outcome.field(FieldId::cache_control), "no-store") << c.path;
    EXPECT_EQ(outcome.field(FieldId::x_content_type_options), "nosniff") << c.path;
    const http::Fields& fields = outcome.response->head->fields;
    const http::Field* const policy = fields.find("Cross-Origin-Resource-Policy");
    ASSERT_NE(policy, nullptr) << c.path;
    EXPECT_EQ(policy->value(), "same-origin") << c.path;
    EXPECT_EQ(fields.find("Access-Control-Allow-Origin"), nullptr) << c.path;
  }
}

TEST(Own, APageThatIsNotThereLooksLikeTheOthers) {
  http::FakeStages fake;
  http::Outcome outcome = fake.run(kStage, "GET", "http://weir.internal/none",
                                   {{"Host", "weir.internal"}, {"Accept", "text/html"}});
  EXPECT_EQ(outcome.status(), 404);
  const std::string page = http::content_of(*outcome.response);
  for (const char* part : {"href=\"/style.css\"", "<p class=\"status\">404 Not Found</p>"})
    EXPECT_NE(page.find(part), std::string::npos) << page;
  outcome = fake.run(kStage, "GET", "http://weir.internal/none", {{"Host", "weir.internal"}});
  EXPECT_EQ(http::content_of(*outcome.response), "Weir has no such page.\n");
}

TEST(Own, TheFrontPageNamesTheContact) {
  const Own stage(
      std::make_shared<const http::OwnNames>("weir.internal", std::vector<base::Endpoint>()),
      "1.2.3", {.denials = kDenials, .contact = {"a@b", "<a href=\"mailto:a@b\">a@b</a>"}});
  const std::pair<const char*, const char*> cases[] = {
      {"text/html", "<p>Whom to ask: <a href=\"mailto:a@b\">a@b</a></p>"},
      {"*/*", "whom to ask: a@b\n"}};
  for (const auto& [accept, said] : cases) {
    http::FakeStages fake;
    for (const Own* each : {&stage, &kStage}) {
      http::Outcome outcome = fake.run(*each, "GET", "http://weir.internal/",
                                       {{"Host", "weir.internal"}, {"Accept", accept}});
      const std::string page = http::content_of(*outcome.response);
      EXPECT_EQ(page.find(said) != std::string::npos, each == &stage) << page;
    }
  }
}

TEST(Own, DenialsAreReadableOnAPhone) {
  const std::deque<journal::Denial> denials = {
      {.method = "GET",
       .target = "http://a.test/<x>",
       .rule = "ads",
       .list = "a.txt:1",
       .count = 3},
      {.method = "CONNECT", .target = "b.test:443", .rule = "b"}};
  const std::string html = denials_html(denials);
  EXPECT_EQ(html.find("<table"), std::string::npos) << "too wide";
  EXPECT_NE(html.find("<code>GET http://a.test/&lt;x&gt;</code><br>3 times, the last at "),
            std::string::npos)
      << html;
  EXPECT_NE(html.find("<code>b.test:443</code><br>Rule: b</dd>"), std::string::npos) << html;
  const std::string text = denials_text(denials);
  EXPECT_NE(text.find("rule: ads, list: a.txt:1, times: 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("rule: b\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace weir::own
