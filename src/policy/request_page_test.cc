#include "policy/request_page.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::policy {
namespace {

using enum ContentKind;

std::string page(const http::FieldLines& fields, ContentKinds kinds = image) {
  http::FieldLines all{{"Host", "a.test"}};
  all.insert(all.end(), fields.begin(), fields.end());
  const auto head = http::fake_head("GET", "http://A.test/x", all);
  return std::string(page_of(*head, kinds));
}

TEST(RequestPage, RefererThenOriginThenPingFrom) {
  const std::string long_value(8192, 'a'), long_host = "http://" + long_value + "/";
  const struct {
    http::FieldLines fields;
    const char* page;
  } cases[] = {
      {{}, ""},
      {{{"Referer", "http://p.test/x?y"}, {"Origin", "https://q.test"}}, "p.test"},
      {{{"Origin", "https://q.test:8443"}}, "q.test"},
      {{{"Ping-From", "https://r.test/a"}, {"Ping-To", "https://s.test/"}}, "r.test"},
      {{{"Origin", "null"}}, ""},
      {{{"Origin", "null"}, {"Ping-From", "https://r.test/a"}}, "r.test"},
      {{{"Referer", ""}, {"Origin", "http://q.test"}}, "q.test"},
      {{{"Referer", "about:client"}, {"Origin", "http://q.test"}}, "q.test"},
      {{{"Referer", "android-app://com.app/"}}, ""},
      {{{"Origin", "moz-extension://0123-4567"}}, ""},
      {{{"Referer", "HTTPS://WWW.P.Test.:443?q"}}, "www.p.test"},
      {{{"Referer", "http://[2001:DB8::1]:80/"}}, "2001:db8::1"},
      {{{"Referer", "http://192.0.2.1/"}}, "192.0.2.1"},
      {{{"Referer", "http://p.test#x"}}, "p.test"},
      {{{"Referer", "http://user:secret@p.test/"}}, ""},
      {{{"Referer", "http://%70.test/"}, {"Origin", "http://q.test"}}, "q.test"},
      {{{"Referer", "/relative"}}, ""},
      {{{"Referer", "http://"}}, ""},
      {{{"Referer", "http:///x"}}, ""},
      {{{"Referer", "http://p.test:99999/"}}, ""},
      {{{"Referer", "http://\xc3\xa4.test/"}}, ""},
      {{{"Referer", long_value}}, ""},
      {{{"Referer", long_host}}, ""},
      {{{"Referer", "http://p.test/"}, {"Referer", "http://q.test/"}}, "p.test"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(page(c.fields), c.page) << (c.fields.empty() ? "" : c.fields[0].second.substr(0, 40));
}

TEST(RequestPage, ADocumentIsItsOwnPage) {
  const http::FieldLines from{{"Referer", "http://p.test/"}};
  EXPECT_EQ(page(from, document), "a.test");
  EXPECT_EQ(page(from, frame), "p.test");
  EXPECT_EQ(page(from, {document, frame}), "p.test");
  EXPECT_EQ(page({}, document), "a.test");
  EXPECT_EQ(page({}, {document, frame}), "a.test");
  EXPECT_EQ(page({}, {document, frame, fetch}), "");
}

TEST(RequestPage, ThePartyIsWhatSecFetchSiteSays) {
  const struct {
    const char* site;
    std::optional<Party> party;
  } cases[] = {
      {"cross-site", Party::third}, {"same-site", Party::first}, {"same-origin", Party::first},
      {"none", Party::first},       {"", std::nullopt},          {"Cross-Site", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto head =
        http::fake_head("GET", "http://a.test/", {{"Host", "a.test"}, {"Sec-Fetch-Site", c.site}});
    EXPECT_EQ(party_of(head->fields), c.party) << c.site;
  }
  EXPECT_EQ(party_of(http::fake_head("GET", "http://a.test/", {{"Host", "a"}})->fields),
            std::nullopt);
}

}  // namespace
}  // namespace weir::policy
