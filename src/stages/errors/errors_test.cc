#include "stages/errors/errors.h"

#include <gtest/gtest.h>

#include <set>

#include "http/stage_fake.h"

namespace weir::errors {
namespace {

using base::Error;
using base::ErrorType;
using http::FieldId;

const Errors kStage("weir-test");

http::Response response_to(const Error& error, std::string_view accept = "",
                           std::string_view url = "", std::string_view name = "weir") {
  return error_response({.error = error, .url = url, .host = {}, .who = {}, .list = {}}, accept, {},
                        name);
}

http::FakeStages::Answer fails_with(const Error& error) {
  return [error](http::Request&) -> base::Result<http::Response> { return std::unexpected(error); };
}

TEST(Errors, WhatIsNoErrorPassesAsItIs) {
  http::FakeStages fake;
  fake.next = [](http::Request&) -> base::Result<http::Response> {
    return http::text_response(404, "text/plain", "the site's own words");
  };
  http::Outcome outcome = fake.run(kStage, "GET", "http://site/");
  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.status(), 404);
  EXPECT_EQ(http::content_of(*outcome.response), "the site's own words");
  EXPECT_EQ(outcome.field(FieldId::proxy_status), "");
  EXPECT_EQ(fake.records, std::vector<std::string>{"no"});
}

TEST(Errors, AnErrorBecomesAResponseAndIsInTheRecord) {
  http::FakeStages fake;
  fake.next =
      fails_with(Error(ErrorType::connection_refused, "site:80 refused the connection.", "a rule")
                     .with_remedy("write `x = 1`."));
  http::Outcome outcome = fake.run(kStage, "GET", "http://site/");
  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.status(), 502);
  EXPECT_EQ(outcome.field(FieldId::proxy_status),
            "weir-test; error=connection_refused; details=\"site:80 refused the connection.\"");
  EXPECT_EQ(outcome.field(FieldId::cache_control), "no-store");
  EXPECT_EQ(outcome.field(FieldId::content_type), "text/plain; charset=utf-8");
  const std::string text = http::content_of(*outcome.response);
  for (const char* part : {"site:80 refused the connection.", "Rule: a rule\n",
                           "To allow it: write `x = 1`.\n", "502", "connection_refused"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(fake.records, std::vector<std::string>{"connection_refused"});
}

TEST(Errors, AClientThatHasGoneIsToldNothing) {
  http::FakeStages fake;
  fake.next = fails_with(Error(ErrorType::client_closed, 400, "gone"));
  const http::Outcome outcome = fake.run(kStage, "POST", "http://site/");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->type(), ErrorType::client_closed);
  EXPECT_EQ(fake.records, std::vector<std::string>{"no"});
}

TEST(Errors, WhereTheClientIsToSeeTheEndAloneThereIsNoPage) {
  http::FakeStages fake;
  fake.next = fails_with(Error(ErrorType::connection_terminated, "It closed.").without_answer());
  const http::Outcome outcome = fake.run(kStage, "GET", "http://site/");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(fake.records, std::vector<std::string>{"connection_terminated"});
}

TEST(Errors, TheNameIsATokenOrInQuotes) {
  const struct {
    const char *name, *written;
  } cases[] = {{"weir", "weir;"},         {"Weir-2.a", "Weir-2.a;"}, {"*x", "*x;"},
               {"9proxy", "\"9proxy\";"}, {"-x", "\"-x\";"},         {"!", "\"!\";"}};
  for (const auto& c : cases) {
    const http::Response response = response_to(Error(ErrorType::dns_error, "x"), "", "", c.name);
    EXPECT_TRUE(response.head->fields.get(FieldId::proxy_status).starts_with(c.written)) << c.name;
  }
}

TEST(Errors, BrowsersGetHtml) {
  const struct {
    const char* accept;
    bool html;
  } cases[] = {
      {"", false},
      {"*/*", false},
      {"text/*", false},
      {"text/html", true},
      {"TEXT/HTML", true},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
      {"application/json, text/html;q=0.1", true},
      {"text/html;q=0", false},
      {"text/html;q=0.000", false},
      {"text/html; Q=0.0, */*", false},
      {"text/html;level=1;q=0.001", true},
      {"text/htmlx", false},
      {"application/text/html", false},
      {",,, text/html", true},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    fake.next = fails_with(Error(ErrorType::dns_error, "There is no site."));
    http::Outcome outcome = fake.run(kStage, "GET", "http://site/", {{"Accept", c.accept}});
    ASSERT_TRUE(outcome.response) << c.accept;
    EXPECT_EQ(outcome.field(FieldId::content_type),
              c.html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8")
        << c.accept;
    EXPECT_EQ(http::content_of(*outcome.response).starts_with("<!doctype html>"), c.html)
        << c.accept;
  }
}

TEST(Errors, NothingFromTheWireIsMarkup) {
  const Error error = Error(ErrorType::http_request_denied,
                            "<script>alert(\"1\")</script>\x1b[31m\r\nX: y", "<b>rule</b>")
                          .with_remedy("write `<i>`.");
  http::Response html = response_to(error, "text/html", "http://site/<script>alert('2')</script>");
  const std::string page = http::content_of(html);
  for (const char* markup : {"<script", "<b>", "<i>", "\x1b", "alert(\"1", "alert('2"})
    EXPECT_EQ(page.find(markup), std::string::npos) << markup;
  EXPECT_NE(page.find("&lt;script"), std::string::npos);
  http::Response text = response_to(error);
  EXPECT_EQ(http::content_of(text).find_first_of("\x1b\r"), std::string::npos);
  const std::string_view status = text.head->fields.get(FieldId::proxy_status);
  EXPECT_EQ(
      status,
      "weir; error=http_request_denied; details=\"<script>alert(\\\"1\\\")</script>?[31m??X: y\"");
}

TEST(Errors, LongWordsAreCut) {
  const Error error(ErrorType::http_request_error, std::string(10'000, 'd'));
  http::Response response =
      response_to(error, "text/html", "http://site/" + std::string(100'000, 'u'));
  EXPECT_LT(response.head->fields.get(FieldId::proxy_status).size(), 400u);
  EXPECT_LT(http::content_of(response).size(), 30'000u);
}

TEST(Errors, ALimitSaysWhenToComeAgain) {
  const Error limit(ErrorType::connection_limit_reached, "too many", "login");
  http::Response response = response_to(limit);
  EXPECT_NE(http::lines_of(response.head->fields).find("Retry-After: 2\n"), std::string::npos);
  EXPECT_NE(http::content_of(response).find("with the same name and password"), std::string::npos);
  response = response_to(Error(ErrorType::connection_refused, "no"));
  EXPECT_EQ(http::lines_of(response.head->fields).find("Retry-After"), std::string::npos);
}

TEST(Errors, TheUrlIsThatOfTheRequest) {
  http::FakeStages fake;
  fake.next = fails_with(Error(ErrorType::connection_timeout, "too long"));
  const struct {
    const char *method, *target, *shown;
  } cases[] = {
      {"GET", "http://Site:8080/path?x=1", "http://site:8080/path?x=1"},
      {"CONNECT", "site:443", "site:443"},
  };
  for (const auto& c : cases) {
    http::Outcome outcome =
        fake.run(kStage, c.method, c.target, {{"Host", "site"}, {"Accept", "text/html"}});
    ASSERT_TRUE(outcome.response) << c.target;
    EXPECT_NE(http::content_of(*outcome.response).find(c.shown), std::string::npos) << c.target;
  }
}

TEST(Errors, UserinfoIsInNoPage) {
  http::FakeStages fake;
  const struct {
    const char *method, *target, *shown;
  } cases[] = {
      {"GET", "http://user:secret@site/path?to=a@b", "http://site/path?to=a@b"},
      {"GET", "http://user:sec@ret@site/", "http://site/"},
      {"CONNECT", "user:secret@site:443", "site:443"},
      {"GET", "http:/user:secret@site/x", "http:/site/x"},
      {"GET", "http:///user:secret@site/x", "http:///site/x"},
      {"GET", "http:user:secret@site/x", "site/x"},
      {"GET", "http:\\\\user:secret@site/x", "http:\\\\site/x"},
      {"GET", "http:/\\user:sec/ret@site/x", "http:/\\site/x"},
      {"GET", "http://user:sec/ret@site/", "http://site/"},
      {"GET", "http://user:sec?ret@site/", "http://site/"},
      {"GET", "http://user:sec#ret@site/", "http://site/"},
      {"GET", "http://user@x:sec/ret@site/", "http://site/"},
      {"GET", "hxxp://user:sec/ret@site/", "hxxp://site/"},
      {"GET", "/\\user:secret@site/x", "http://site/\\site/x"},
      {"GET", "//user:secret@site/x", "http://site//site/x"},
      {"GET", "///user:secret@site/x", "http://site///site/x"},
      {"CONNECT", "http:/user:secret@site:443", "http:/site:443"},
      {"GET", "ftp://user:secret@site", "ftp://site"},
  };
  for (const auto& c : cases) {
    for (const char* accept : {"text/html", "text/plain"}) {
      fake.next = fails_with(Error(ErrorType::http_request_error, "malformed"));
      http::Outcome outcome =
          fake.run(kStage, c.method, c.target, {{"Host", "site"}, {"Accept", accept}});
      ASSERT_TRUE(outcome.response) << c.target;
      const std::string page = http::content_of(*outcome.response);
      EXPECT_EQ(page.find("sec"), std::string::npos) << c.target;
      if (accept == std::string("text/html"))
        EXPECT_NE(page.find(std::string("<code>") + c.shown + "</code>"), std::string::npos)
            << c.target << page;
    }
  }
}

TEST(Errors, EveryTypeSaysSomethingOfItsOwn) {
  std::set<std::string> seen;
  for (const ErrorType type :
       {ErrorType::dns_timeout, ErrorType::dns_error, ErrorType::destination_ip_unroutable,
        ErrorType::destination_ip_prohibited, ErrorType::connection_refused,
        ErrorType::connection_terminated, ErrorType::connection_timeout,
        ErrorType::connection_limit_reached, ErrorType::http_request_error,
        ErrorType::http_request_denied, ErrorType::http_protocol_error,
        ErrorType::http_response_timeout, ErrorType::proxy_internal_error,
        ErrorType::proxy_loop_detected}) {
    http::Response response = response_to(Error(type, 502, "This is this."));
    const std::string text = http::content_of(response);
    EXPECT_TRUE(seen.insert(text.substr(0, text.find('\n'))).second) << text;
    EXPECT_NE(text.find("This is this.\n"), std::string::npos) << text;
  }
}

/// Like a rule of the owner's that denies everything.
http::FakeStages::Answer denied_by_rule() {
  return fails_with(
      Error(ErrorType::http_request_denied, "The rule \"ads\" denies it.", "ads").by_owners_rule());
}

TEST(Errors, ADenialAnswersWhatWasAskedFor) {
  const struct {
    const char *method, *destination;
    int status;
    const char* type;
    size_t size;
  } cases[] = {
      {"GET", "image", 200, "image/gif", 43},
      {"GET", "script", 200, "text/javascript; charset=utf-8", 0},
      {"GET", "style", 200, "text/css; charset=utf-8", 0},
      {"GET", "document", 403, "text/plain; charset=utf-8", 1},
      {"GET", "iframe", 403, "text/plain; charset=utf-8", 1},
      {"GET", "empty", 403, "text/plain; charset=utf-8", 1},
      {"POST", "image", 403, "text/plain; charset=utf-8", 1},
      {"GET", "nonsense", 403, "text/plain; charset=utf-8", 1},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    fake.next = denied_by_rule();
    http::Outcome outcome =
        fake.run(kStage, c.method, "http://ads.test/x",
                 {{"Sec-Fetch-Dest", c.destination}, {"Origin", "http://a.test"}});
    ASSERT_TRUE(outcome.response) << c.destination;
    EXPECT_EQ(outcome.status(), c.status) << c.destination;
    EXPECT_EQ(outcome.field(FieldId::content_type), c.type) << c.destination;
    EXPECT_EQ(outcome.field(FieldId::cache_control), "no-store");
    EXPECT_EQ(outcome.field(FieldId::proxy_status),
              "weir-test; error=http_request_denied; details=\"The rule \\\"ads\\\" denies it.\"");
    EXPECT_EQ(outcome.field(FieldId::access_control_allow_origin), c.status == 200 ? "*" : "");
    const size_t size = http::content_of(*outcome.response).size();
    if (c.status == 200) EXPECT_EQ(size, c.size) << c.destination;
    EXPECT_EQ(fake.records, std::vector<std::string>{"http_request_denied"});
  }
}

TEST(Errors, APingIsAnsweredWithNothing) {
  http::FakeStages fake;
  fake.next = denied_by_rule();
  http::Outcome outcome =
      fake.run(kStage, "POST", "http://ads.test/x",
               {{"Content-Type", "text/ping"}, {"Ping-From", "http://a.test/"}});
  EXPECT_EQ(outcome.status(), 204);
}

TEST(Errors, NothingStandsInForWhatWeirItselfRefuses) {
  http::FakeStages fake;
  fake.next =
      fails_with(Error(ErrorType::http_request_denied, "Port 25 is blocked.", "blocked_ports"));
  EXPECT_EQ(fake.run(kStage, "GET", "http://a.test:25/", {{"Sec-Fetch-Dest", "image"}}).status(),
            403);
}

TEST(Errors, ADenialMayStandInAFrame) {
  const Error denied(ErrorType::http_request_denied, "The rule \"ads\" denies it.", "ads");
  const Error gone(ErrorType::dns_error, "There is no site.");
  const struct {
    const Error& error;
    const char* destination;
    bool framed;
  } cases[] = {
      {denied, "iframe", true},
      {denied, "frame", true},
      {denied, "document", false},
      {denied, "object", false},
      {gone, "iframe", false},
      // Over plain HTTP: nothing tells.
      {denied, "", true},
      {gone, "", false},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    fake.next = fails_with(c.error);
    const http::Outcome outcome =
        fake.run(kStage, "GET", "http://ads.test/",
                 {{"Accept", "text/html"}, {"Sec-Fetch-Dest", c.destination}});
    ASSERT_TRUE(outcome.response) << c.destination;
    EXPECT_EQ(outcome.field(FieldId::content_security_policy),
              std::string("default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; ") +
                  (c.framed ? "" : "frame-ancestors 'none'; ") + "base-uri 'none'")
        << c.destination;
  }
}

}  // namespace
}  // namespace weir::errors
