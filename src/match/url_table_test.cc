#include "match/url_table.h"

#include <gtest/gtest.h>

#include <random>

#include "base/ip.h"
#include "match/list_fake.h"
#include "match/url_text.h"

namespace weir::match {
namespace {

/// A table over bytes that are exactly as long as their memory; sources count from 0.
class MadeTable {
 public:
  explicit MadeTable(const std::vector<std::string>& urls) {
    UrlTableBuilder builder(kTestKey);
    for (uint32_t i = 0; i < urls.size(); ++i)
      EXPECT_TRUE(builder.add(*UrlPrefix::parse(urls[i]), i)) << urls[i];
    bytes_ = bytes_by([&](ImageWriter& to) { EXPECT_TRUE(std::move(builder).write(to)); });
    auto table = UrlTable::over(bytes_);
    EXPECT_TRUE(table);
    if (table) table_ = *std::move(table);
  }

  struct Asked {
    std::string host;
    uint16_t port;
    std::optional<bool> https = {};
    std::optional<std::string> path = {};
  };
  /// The source, "-" or "?".
  std::string find(const Asked& asked) const {
    const bool literal = base::IpAddress::parse(asked.host).has_value();
    const HostHashes host(kTestKey, asked.host, literal ? HostForm::literal : HostForm::name);
    uint32_t source = 0;
    KnownUrl url{.host = host, .port = asked.port, .https = asked.https};
    if (asked.path) url.path = *asked.path;
    const Finding found = table_->find(url, source);
    return found == Finding::yes ? std::to_string(source) : found == Finding::no ? "-" : "?";
  }
  std::string find(const char* url) const {
    const UrlPrefix parsed = *UrlPrefix::parse(url);
    return find(
        {parsed.host, parsed.port.value_or(parsed.https ? 443 : 80), parsed.https, parsed.path});
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  std::unique_ptr<const UrlTable> table_;
};

TEST(UrlTable, FindsWhatIsBelow) {
  const MadeTable table({
      "http://a.test/ads",          // 0
      "http://a.test/dir/",         // 1
      "https://a.test/star*",       // 2
      "a.test/both",                // 3
      "a.test:8080/port",           // 4
      "http://a.test/q?x=1",        // 5
      "http://a.test/q2?",          // 6
      "https://site.test",          // 7
      "https://site.test/below",    // 8: 7 has it
      "http://192.0.2.7/i",         // 9
      "http://[2001:db8::1]:81/i",  // 10
      "http://a.test/ads.js",       // 11
      "http://a.test/ads",          // 12: again
      "http://a.test/%7Euser/a b",  // 13
  });
  const struct {
    const char* url;
    const char* found;
  } cases[] = {
      {"http://a.test/ads", "0"},
      {"http://a.test/ads/", "0"},
      {"http://a.test/ads/x/y?z", "0"},
      {"http://a.test/ads?x", "0"},
      {"http://a.test/adsense", "-"},
      {"http://a.test/ads.js", "11"},
      {"http://a.test/ads.js/x", "11"},
      {"http://a.test/ads-x/y", "-"},
      {"http://a.test/ad", "-"},
      {"http://a.test/ADS", "-"},
      {"https://a.test/ads", "-"},
      {"http://a.test:81/ads", "-"},
      {"http://a.test:80/ads", "0"},
      {"http://b.a.test/ads", "-"},
      {"http://a.test/dir/x", "1"},
      {"http://a.test/dir/", "1"},
      {"http://a.test/dir", "-"},
      {"https://a.test/star", "2"},
      {"https://a.test/stardust/x", "2"},
      {"https://a.test/sta", "-"},
      {"http://a.test/both", "3"},
      {"https://a.test/both/x", "3"},
      {"http://a.test:8080/port", "4"},
      {"https://a.test:8080/port", "4"},
      {"https://a.test/port", "-"},
      {"http://a.test/q?x=1", "5"},
      {"http://a.test/q?x=1&y", "5"},
      {"http://a.test/q?x=12", "-"},
      {"http://a.test/q?y&x=1", "-"},
      {"http://a.test/q", "-"},
      {"http://a.test/q2?", "6"},
      {"http://a.test/q2?x", "6"},
      {"http://a.test/q2", "-"},
      {"https://site.test/", "7"},
      {"https://site.test/below", "7"},
      {"http://site.test/", "-"},
      {"http://192.0.2.7/i", "9"},
      {"http://[2001:db8::1]:81/i/x", "10"},
      {"http://a.test/~user/a%20b/c", "13"},
      {"http://other.test/ads", "-"},
  };
  for (const auto& c : cases) EXPECT_EQ(table.find(c.url), c.found) << c.url;
}

TEST(UrlTable, WithoutThePathItSaysWhatMayBe) {
  const MadeTable table({"http://a.test/ads", "https://a.test:444/x", "https://site.test/",
                         "http://both.test/x", "https://both.test:80/"});
  EXPECT_EQ(table.find({"a.test", 80}), "?");
  EXPECT_EQ(table.find({"a.test", 80, false}), "?");
  EXPECT_EQ(table.find({"a.test", 80, true}), "-");
  EXPECT_EQ(table.find({"a.test", 443}), "-");
  EXPECT_EQ(table.find({"a.test", 444}), "?");
  EXPECT_EQ(table.find({"a.test", 444, {}, "/x"}), "?");
  EXPECT_EQ(table.find({"site.test", 443}), "2");
  EXPECT_EQ(table.find({"site.test", 443, true}), "2");
  EXPECT_EQ(table.find({"site.test", 80}), "-");
  EXPECT_EQ(table.find({"both.test", 80}), "4");
  EXPECT_EQ(table.find({"both.test", 80, false}), "?");
  EXPECT_EQ(table.find({"other.test", 443}), "-");
  EXPECT_EQ(MadeTable({}).find({"a.test", 80}), "-");
}

TEST(UrlTable, HasALimit) {
  const UrlPrefix url = *UrlPrefix::parse("http://a.test/x");
  UrlTableBuilder builder(kTestKey, 25);  // Each takes 6 + 3 + 2 bytes.
  EXPECT_TRUE(builder.add(url, 0));
  EXPECT_TRUE(builder.add(url, 0));
  EXPECT_FALSE(builder.add(url, 0));
  UrlPrefix longer = url;
  longer.path.append(66'000, 'x');
  EXPECT_FALSE(UrlTableBuilder(kTestKey).add(longer, 0));
}

/// The comment of UrlPrefix, as code.
bool has(const UrlPrefix& prefix, const UrlPrefix& url) {
  if (prefix.host != url.host || !(url.https ? prefix.https : prefix.http)) return false;
  const uint16_t own = url.https ? 443 : 80;
  if (prefix.port.value_or(own) != url.port.value_or(own)) return false;
  if (!url.path.starts_with(prefix.path)) return false;
  const std::string rest = url.path.substr(prefix.path.size());
  if (prefix.star || rest.empty()) return true;
  const bool in_query = prefix.path.find('?') != std::string::npos;
  const std::string_view ends = in_query ? "&" : "/?";
  const char last = prefix.path.back();
  return ends.find(rest.front()) != std::string_view::npos ||
         ends.find(last) != std::string_view::npos ||
         (last == '?' && prefix.path.find('?') == prefix.path.size() - 1);
}

TEST(UrlTable, AgreesWithAskingEachUrl) {
  std::mt19937 random(11);
  const auto pick = [&](std::string_view letters) { return letters[random() % letters.size()]; };
  const auto url = [&] {
    std::string text = random() % 2 != 0 ? "http://" : "https://";
    text += random() % 2 != 0 ? "a.test" : "b.test";
    if (random() % 4 == 0) text += ":80";
    text += '/';
    for (size_t i = random() % 7; i > 0; --i) text += pick("ab/.?&-~");
    return text;
  };
  size_t yes = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string> urls;
    for (size_t i = random() % 30; i > 0; --i) {
      std::string text = url();
      if (random() % 4 == 0) text.erase(0, text.find("//") + 2);
      if (random() % 4 == 0) text += '*';
      urls.push_back(text);
    }
    const MadeTable table(urls);
    for (int asked = 0; asked < 100; ++asked) {
      const std::string text = url();
      const UrlPrefix wanted = *UrlPrefix::parse(text);
      bool expected = false;
      for (const std::string& each : urls) expected |= has(*UrlPrefix::parse(each), wanted);
      const std::string found = table.find(text.c_str());
      ASSERT_EQ(found != "-", expected) << text;
      if (!expected) continue;
      ++yes;
      ASSERT_TRUE(has(*UrlPrefix::parse(urls[std::stoul(found)]), wanted)) << text;
    }
  }
  EXPECT_GT(yes, 5000u);
}

TEST(UrlTable, DamageIsReadWithoutHarm) {
  const MadeTable good({"http://a.test/ads", "http://a.test/b*", "https://b.test/x?y", "c.test/z"});
  const HostHashes hosts[] = {{kTestKey, "a.test", HostForm::name},
                              {kTestKey, "b.test", HostForm::name},
                              {kTestKey, "c.test", HostForm::name}};
  size_t used = 0;
  const auto ask = [&](std::vector<std::byte> bytes) {
    bytes.shrink_to_fit();
    const auto table = UrlTable::over(bytes);
    if (!table) return;
    for (const HostHashes& host : hosts) {
      uint32_t source = 0;
      used += (*table)->find({.host = host, .port = 80, .https = false, .path = "/ads"}, source) ==
              Finding::yes;
      used += (*table)->find({.host = host, .port = 443}, source) == Finding::unknown;
    }
  };
  for (size_t length = 0; length < good.bytes().size(); ++length)
    ask({good.bytes().begin(), good.bytes().begin() + static_cast<ptrdiff_t>(length)});
  for (size_t at = 0; at < good.bytes().size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::vector<std::byte> bytes = good.bytes();
      bytes[at] ^= std::byte(flip);
      ask(std::move(bytes));
    }
  }
  EXPECT_GT(used, 0u);
}

}  // namespace
}  // namespace weir::match
