#include "http/page_template.h"

#include <gtest/gtest.h>

#include <random>

namespace weir::http {
namespace {

constexpr std::string_view kNames[] = {"host", "rule", "contact"};

/// The page; or its mistakes, one in a line.
std::string rendered(std::string text, std::string_view host = "a.test",
                     std::string_view rule = "kids: games", std::string_view contact = "") {
  const auto page = PageTemplate::parse(std::move(text), kNames);
  if (page) return page->render(std::array{host, rule, contact});
  std::string out;
  for (const auto& fault : page.error()) {
    out += std::to_string(fault.line) + ':' + std::to_string(fault.column) + ' ' + fault.found;
    if (!fault.expected.empty()) out += "; " + fault.expected;
    out += '\n';
  }
  return out;
}

TEST(PageTemplate, ValuesSectionsAndComments) {
  const struct {
    const char *text, *page;
  } cases[] = {
      {"", ""},
      {"<h1>No</h1>\n", "<h1>No</h1>\n"},
      {"{{host}}", "a.test"},
      {"<b>{{ host }}</b>{{rule}}.", "<b>a.test</b>kids: games."},
      {"{{#rule}}by {{rule}}{{/rule}}", "by kids: games"},
      {"{{#contact}}ask {{contact}}{{/contact}}!", "!"},
      {"{{^contact}}nobody{{/contact}}{{^rule}}none{{/rule}}", "nobody"},
      {"{{# rule }}{{^contact}}a{{#host}}b{{/host}}c{{/contact}}{{/rule}}d", "abcd"},
      {"{{#contact}}{{#rule}}a{{/rule}}{{/contact}}b", "b"},
      {"a{{! {{ host }}b", "ab"},
      {"a { b } {c} }} {", "a { b } {c} }} {"},
      {"{{#rule}}{{/rule}}{{#contact}}{{/contact}}", ""},
      {"\xc3\xa4{{host}}\xf0\x9f\x98\x80",
       "\xc3\xa4"
       "a.test\xf0\x9f\x98\x80"},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.text), c.page) << c.text;
}

TEST(PageTemplate, ValuesAreEscapedAndNeverReadAsTags) {
  EXPECT_EQ(
      rendered("<i title=\"{{host}}\">{{rule}}</i>", "\" onload='x'", "<script>&\x01\xff"),
      "<i title=\"&quot; onload=&#39;x&#39;\">&lt;script&gt;&amp;\xef\xbf\xbd\xef\xbf\xbd</i>");
  EXPECT_EQ(rendered("{{host}}{{rule}}", "{{rule}}", "}}{{#host}}"), "{{rule}}}}{{#host}}");
}

TEST(PageTemplate, MistakesHaveTheirPlace) {
  const std::string names = "; one of host, rule, contact\n";
  const struct {
    std::string text, said;
  } cases[] = {
      {"<p>\n  {{hots}}", "2:3 there is no value \"hots\"" + names},
      {"\xc3\xa4\xc3\xb6{{#who}}{{/who}}", "1:3 there is no value \"who\"" + names},
      {"{{}}", "1:1 there is no value \"\"" + names},
      {"{{HOST}}", "1:1 there is no value \"HOST\"" + names},
      {"a\n{{host", "2:1 {{ is not closed; }}\n"},
      {"{{#rule}}a", "1:1 {{#rule}} is not closed; {{/rule}}\n"},
      {"{{^rule}}a\n{{#host}}",
       "1:1 {{^rule}} is not closed; {{/rule}}\n"
       "2:1 {{#host}} is not closed; {{/host}}\n"},
      {"{{/rule}}", "1:1 {{/rule}} closes nothing\n"},
      {"{{#rule}}{{#host}}{{/rule}}{{/host}}",
       "1:19 {{/rule}} stands where {{#host}} is open; {{/host}}\n1:28 {{/host}} closes nothing\n"},
      {"{{#rule}}{{/host}}{{/rule}}", "1:10 {{/host}} stands where {{#rule}} is open; {{/rule}}\n"},
      {"{{{host}}}", "1:1 a value is to be put in as it is; {{name}}, which is escaped for HTML\n"},
      {"{{&host}}", "1:1 a value is to be put in as it is; {{name}}, which is escaped for HTML\n"},
      {"{{> footer}}",
       "1:1 {{> is a tag of Mustache that is not known here; {{name}}, {{#name}}, "
       "{{^name}}, {{/name}} or {{! comment }}\n"},
      {"ab\n\xc3(", "2:1 here it is not UTF-8\n"},
      {"{{a}}\n{{b}}",
       "1:1 there is no value \"a\"" + names + "2:1 there is no value \"b\"" + names},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.text), c.said) << c.text;
}

TEST(PageTemplate, LimitsHold) {
  EXPECT_EQ(rendered(std::string(PageTemplate::kLargest, 'x')).size(), PageTemplate::kLargest);
  EXPECT_EQ(rendered(std::string(PageTemplate::kLargest + 1, 'x')),
            "1:1 it is larger than 128 KiB\n");
  std::string tags, open, close;
  for (size_t i = 0; i < PageTemplate::kMostTags; ++i) tags += "{{host}}";
  EXPECT_EQ(rendered(tags).size(), PageTemplate::kMostTags * 6);
  EXPECT_EQ(rendered(tags + "{{host}}"), "1:4001 it is one more than 500 tags; at most 500\n");
  for (size_t i = 0; i < PageTemplate::kDeepest; ++i) {
    open += "{{#host}}";
    close += "{{/host}}";
  }
  EXPECT_EQ(rendered(open + "x" + close), "x");
  EXPECT_EQ(rendered(open + "{{#host}}x{{/host}}" + close),
            "1:145 a section is more than 16 deep; at most 16\n");
}

/// Whatever the text: a page or mistakes, and the same each time.
TEST(PageTemplate, JunkEndsNothing) {
  static const char* const kParts[] = {"{{", "}}",   "#",        "^",         "/",
                                       "!",  "host", "rule",     " ",         "\n",
                                       "{",  "}",    "\xc3\xa4", "{{#host}}", "{{/host}}"};
  std::mt19937 random(1);
  int pages = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (unsigned n = random() % 12; n > 0; --n) text += kParts[random() % std::size(kParts)];
    const auto page = PageTemplate::parse(text, kNames);
    if (!page) {
      EXPECT_FALSE(page.error().empty()) << text;
      continue;
    }
    ++pages;
    page->render(std::array<std::string_view, 3>{"a", "", "b"});
  }
  EXPECT_GT(pages, 1000);
}

}  // namespace
}  // namespace weir::http
