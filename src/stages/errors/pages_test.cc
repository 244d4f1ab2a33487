#include "stages/errors/pages.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"
#include "stages/errors/errors.h"

namespace weir::errors {
namespace {

using base::Error;
using base::ErrorType;

const Error kDenied =
    Error(ErrorType::http_request_denied, "The rule \"ads\" denies a.test.", "ads")
        .with_remedy("change the rule in weir.toml:3");

std::shared_ptr<const Templates> templates(const char* denied, const char* error) {
  auto made = std::make_shared<Templates>();
  if (denied) made->denied = http::PageTemplate::parse(denied, kValueNames).value();
  if (error) made->error = http::PageTemplate::parse(error, kValueNames).value();
  return made;
}

PageFacts facts_of(const Error& error) {
  return {.error = error,
          .url = "http://a.test/x",
          .host = "a.test",
          .who = "ada",
          .list = "/lists/ads.txt:31"};
}

TEST(Pages, ATemplateHasEachValue) {
  std::string text;
  for (const std::string_view name : kValueNames) text.append("{{").append(name).append("}}|");
  const Pages pages{"Bob", "1.2", templates(text.c_str(), nullptr)};
  const auto* const page = pages.template_for(kDenied);
  ASSERT_TRUE(page);
  EXPECT_EQ(rendered(*page, facts_of(kDenied), pages),
            "403|This request is not allowed|The rule &quot;ads&quot; denies a.test.||change the "
            "rule in weir.toml:3|http://a.test/x|a.test|ads|ads.txt|31|ada|Bob|"
            "http_request_denied|1.2|");
}

TEST(Pages, TheListIsTakenApartAtItsLine) {
  const Pages pages{"", "", templates("{{list}}|{{line}}", nullptr)};
  const struct {
    const char *list, *shown;
  } cases[] = {{"", "|"},   {"a.txt:3", "a.txt|3"}, {"a:b", "a:b|"}, {"a:b:7", "a:b|7"},
               {":", ":|"}, {"/a/b:7", "b|7"},      {"/a:7/b", "b|"}};
  for (const auto& c : cases) {
    PageFacts facts = facts_of(kDenied);
    facts.list = c.list;
    EXPECT_EQ(rendered(*pages.template_for(kDenied), facts, pages), c.shown);
  }
}

TEST(Pages, EachErrorHasItsPage) {
  const Error prohibited(ErrorType::destination_ip_prohibited, "10.0.0.1 is private.", "private");
  const Error wrong_place(ErrorType::http_request_denied, 421, "Not here.", "own names");
  const Error gone(ErrorType::connection_refused, "Nothing listens.");
  const Pages both{"", "", templates("denied", "error")};
  for (const auto& [error, shown] : {std::pair(&kDenied, "denied"),
                                     {&prohibited, "denied"},
                                     {&wrong_place, "error"},
                                     {&gone, "error"}}) {
    const auto* const page = both.template_for(*error);
    ASSERT_TRUE(page);
    EXPECT_EQ(rendered(*page, facts_of(*error), both), shown);
  }
  const Pages denied_alone{"", "", templates("denied", nullptr)};
  EXPECT_TRUE(denied_alone.template_for(kDenied));
  EXPECT_FALSE(denied_alone.template_for(gone));
  EXPECT_FALSE(Pages().template_for(kDenied));
}

TEST(Pages, LongValuesAreCut) {
  const Error error(ErrorType::http_request_error, std::string(100'000, '<'));
  const Pages pages{"", "", templates(nullptr, "{{reason}}{{url}}{{host}}")};
  const std::string long_text(100'000, '&');
  PageFacts facts = facts_of(error);
  facts.url = facts.host = long_text;
  EXPECT_LT(rendered(*pages.template_for(error), facts, pages).size(), 40'000u);
}

TEST(Pages, TheContactIsOnDenialsAlone) {
  const Error gone(ErrorType::connection_refused, "Nothing listens.");
  const Pages pages{"Ada <room 12>", "", nullptr};
  EXPECT_NE(as_text(facts_of(kDenied), pages).find("Whom to ask: Ada <room 12>\n"),
            std::string::npos);
  EXPECT_NE(as_html(facts_of(kDenied), pages).find("Whom to ask: Ada &lt;room 12&gt;</p>"),
            std::string::npos);
  for (const std::string& page : {as_text(facts_of(gone), pages), as_html(facts_of(gone), pages),
                                  as_text(facts_of(kDenied), {}), as_html(facts_of(kDenied), {})})
    EXPECT_EQ(page.find("Whom to ask"), std::string::npos) << page;
}

TEST(Pages, AContactThatIsAnAddressIsALink) {
  const struct {
    const char *contact, *shown;
  } cases[] = {
      {"ada@example.com", "<a href=\"mailto:ada@example.com\">ada@example.com</a>"},
      {"https://help.test/?a=1&b", "<a href=\"https://help.test/?a=1&amp;b\">"},
      {"http://help.test/", "<a href=\"http://help.test/\">"},
      {"javascript:alert(1)", "ask: javascript:alert(1)</p>"},
      {"javascript:a@b", "ask: javascript:a@b</p>"},
      {"write to ada@example.com", "ask: write to ada@example.com</p>"},
      {"@ada", "ask: @ada</p>"},
      {"ada@", "ask: ada@</p>"},
      {"+41 44 123", "ask: +41 44 123</p>"},
  };
  for (const auto& c : cases) {
    const std::string page = as_html(facts_of(kDenied), Pages{c.contact, "", nullptr});
    EXPECT_NE(page.find(c.shown), std::string::npos) << c.contact << page;
  }
}

TEST(Pages, TheStageKnowsWhoAsksAndWhichListDecided) {
  const Errors stage("weir",
                     Pages{"", "1.2", templates("{{who}} {{list}} {{line}} {{url}}", nullptr)});
  http::FakeStages fake;
  fake.next = [](http::Request&) -> base::Result<http::Response> {
    return std::unexpected(kDenied.with_list("ads.txt:3"));
  };
  http::Outcome outcome =
      fake.run(stage, "GET", "http://a.test/x", {{"Host", "a.test"}, {"Accept", "text/html"}});
  ASSERT_TRUE(outcome.response);
  EXPECT_EQ(outcome.status(), 403);
  EXPECT_EQ(outcome.field(http::FieldId::content_type), "text/html; charset=utf-8");
  EXPECT_NE(outcome.field(http::FieldId::content_security_policy).find("img-src data:"),
            std::string::npos);
  EXPECT_NE(http::content_of(*outcome.response).find(" ads.txt 3 http://a.test/x"),
            std::string::npos);
  outcome = fake.run(stage, "GET", "http://a.test/x", {{"Host", "a.test"}});
  EXPECT_EQ(outcome.field(http::FieldId::content_type), "text/plain; charset=utf-8");
}

}  // namespace
}  // namespace weir::errors
