#include "match/list_image.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "match/list_fake.h"

namespace weir::match {
namespace {

struct Asked {
  std::string host;
  uint16_t port = 80;
  std::optional<bool> https = {};
  std::optional<std::string> path = {};
  std::optional<base::IpAddress> address = {};
};

Finding find(const ListImage& list, const Asked& asked, uint32_t& line) {
  const auto literal = base::IpAddress::parse(asked.host);
  const HostHashes host(list.key(), asked.host, literal ? HostForm::literal : HostForm::name);
  ListQuery query{.url = {.host = host, .port = asked.port, .https = asked.https},
                  .address = literal ? literal : asked.address};
  if (asked.path) query.url.path = *asked.path;
  return list.find(query, line);
}

/// "source:line", "no" or "unknown".
std::string found(const ListImage& list, const Asked& asked) {
  uint32_t line = 0;
  const Finding finding = find(list, asked, line);
  if (finding != Finding::yes) return finding == Finding::no ? "no" : "unknown";
  const auto place = place_of(list.sources(), line);
  if (!place) return "nowhere";
  return std::to_string(place->source) + ':' + std::to_string(place->line);
}

TEST(ListImage, FindsWhatAnyOfItsSourcesHas) {
  const base::IpAddress address = *base::IpAddress::parse("192.0.2.9");
  const base::IpAddress other = *base::IpAddress::parse("198.51.100.1");
  const MadeList list(
      {"# a comment\na.test\n0.0.0.0 b.test\n", "", "192.0.2.0/24\nhttp://c.test/ads\n\n*.d.test"});
  const struct {
    Asked asked;
    const char* found;
  } cases[] = {
      {{"a.test"}, "0:2"},
      {{"www.a.test"}, "0:2"},
      {{"b.test"}, "0:3"},
      {{.host = "www.b.test", .address = other}, "no"},
      {{.host = "www.b.test", .address = address}, "2:1"},
      {{"www.b.test"}, "unknown"},
      {{"192.0.2.9"}, "2:1"},
      {{"192.0.3.9"}, "no"},
      {{.host = "c.test", .address = other}, "unknown"},
      {{.host = "c.test", .https = false, .path = "/ads/x", .address = other}, "2:2"},
      {{.host = "c.test", .https = false, .path = "/ads/x"}, "2:2"},
      {{.host = "c.test", .https = false, .path = "/x", .address = other}, "no"},
      {{.host = "c.test", .https = false, .path = "/x"}, "unknown"},
      {{"x.d.test"}, "2:4"},
      {{.host = "d.test", .address = other}, "no"},
  };
  for (const auto& c : cases) EXPECT_EQ(found(*list, c.asked), c.found) << c.asked.host;
  EXPECT_EQ(list->entries(), 5u);
  EXPECT_TRUE(list->checksum_holds());
}

TEST(ListImage, HostsAloneAreAlwaysKnown) {
  const MadeList list({"a.test"});
  EXPECT_EQ(found(*list, {"b.test"}), "no");
  EXPECT_EQ(found(*MadeList({}), {"b.test"}), "no");
}

TEST(ListImage, KeepsWhatIsToldOfItsSources) {
  ListDigests digests;
  digests.sources[0] = 1;
  digests.contents[31] = 2;
  const MadeList list({"a.test\nno list\n", "b.test\n"}, digests);
  EXPECT_EQ(list->digests(), digests);
  ASSERT_EQ(list->sources().size(), 2u);
  EXPECT_EQ(list->sources()[0].name, "source 0");
  EXPECT_EQ(list->sources()[1].first_line, 2u);
  const ListReport& report = list->sources()[0].report;
  EXPECT_EQ(report.lines, 2u);
  ASSERT_EQ(report.first_not_taken.size(), 1u);
  EXPECT_EQ(report.first_not_taken[0].text, "no list");
}

TEST(ListImage, SourcesAreReadAsTheyWereWritten) {
  std::vector<ListSource> sources(3);
  sources[0].name = "/etc/weir/ads.txt";
  sources[1].first_line = 7;
  sources[1].report.taken[3] = 9;
  sources[2].report.first_not_taken = {{1, "why", "text"}, {4, "", std::string("\0\n", 2)}};
  sources[2].report.exceptions = 5;
  const std::vector<std::byte> bytes = bytes_of(sources);
  EXPECT_EQ(sources_in(bytes), sources);
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(sources_in(std::span(bytes).first(length))) << length;
}

TEST(ListImage, PlacesOfLines) {
  std::vector<ListSource> sources(3);
  sources[1].first_line = 10;
  sources[2].first_line = 10;  // The one before has no line.
  EXPECT_EQ(place_of(sources, 0)->line, 1u);
  EXPECT_EQ(place_of(sources, 9)->source, 0u);
  EXPECT_EQ(place_of(sources, 9)->line, 10u);
  EXPECT_EQ(place_of(sources, 10)->source, 2u);
  EXPECT_EQ(place_of(sources, 10)->line, 1u);
  EXPECT_FALSE(place_of({}, 0));
}

// A list that is asked line by line.

class SlowList : public ListSink {
 public:
  explicit SlowList(const std::string& text) {
    ListReader reader(*this);
    reader.feed(text);
    EXPECT_TRUE(std::move(reader).finish());
  }
  bool add_domain(std::string_view name, DomainKind kind, uint32_t line) override {
    domains_.push_back({std::string(name), kind, line});
    return true;
  }
  bool add_network(const base::Cidr& network, uint32_t line) override {
    networks_.emplace_back(network, line);
    return true;
  }
  bool add_url(const UrlPrefix&, uint32_t) override { return true; }

  /// The line; 0 for no, -1 for unknown.
  int find(const Asked& asked) const {
    const auto literal = base::IpAddress::parse(asked.host);
    std::string suffix = asked.host;
    while (true) {
      if (const int line = find_domain(suffix, suffix == asked.host)) return line;
      const size_t dot = suffix.find('.');
      if (literal || dot == std::string::npos) break;
      suffix.erase(0, dot + 1);
    }
    const auto address = literal ? literal : asked.address;
    if (!address) return networks_.empty() ? 0 : -1;
    int best = 0;
    unsigned prefix = 0;
    for (const auto& [network, line] : networks_) {
      if (!network.contains(*address) || (best != 0 && network.prefix() <= prefix)) continue;
      best = static_cast<int>(line);
      prefix = network.prefix();
    }
    return best;
  }

 private:
  struct Domain {
    std::string name;
    DomainKind kind;
    uint32_t line;
  };
  /// Lines about one name say together what is meant; the first of them is named.
  int find_domain(const std::string& name, bool itself) const {
    int first = 0;
    bool meant = false;
    for (const Domain& domain : domains_) {
      if (domain.name != name) continue;
      if (first == 0) first = static_cast<int>(domain.line);
      meant |= covers(domain.kind, itself ? DomainKind::itself : DomainKind::below);
    }
    return meant ? first : 0;
  }
  std::vector<Domain> domains_;
  std::vector<std::pair<base::Cidr, uint32_t>> networks_;
};

TEST(ListImage, AgreesWithAskingEachLine) {
  std::mt19937 random(5);
  const auto name = [&] {
    static constexpr const char* kLabels[] = {"a", "b", "www", "x1", "test", "example"};
    std::string name = kLabels[random() % 6];
    for (size_t i = 1 + random() % 3; i > 0; --i) name += std::string(".") + kLabels[random() % 6];
    return name;
  };
  const auto address = [&] {
    return base::IpAddress::v4(10, random() % 2, random() % 4, random() % 8);
  };
  const auto line = [&]() -> std::string {
    switch (random() % 8) {
      case 0: return "0.0.0.0 " + name() + ' ' + name();
      case 1: return "*." + name();
      case 2: return '=' + name();
      case 3: return base::Cidr(address(), 8 + random() % 25).text();
      case 4: return '#' + name();
      case 5: return name() + " CNAME .";
      default: return name();
    }
  };
  size_t yes = 0;
  for (int round = 0; round < 100; ++round) {
    std::string text;
    for (size_t i = random() % 40; i > 0; --i) text += line() + '\n';
    const MadeList list({text});
    const SlowList slow(text);
    for (int asked = 0; asked < 100; ++asked) {
      Asked what{random() % 5 == 0 ? address().text() : name()};
      if (random() % 2 == 0) what.address = address();
      uint32_t found_line = 0;
      const Finding finding = find(*list, what, found_line);
      const int expected = slow.find(what);
      ASSERT_EQ(finding, expected > 0    ? Finding::yes
                         : expected == 0 ? Finding::no
                                         : Finding::unknown)
          << what.host << '\n'
          << text;
      if (expected <= 0) continue;
      ++yes;
      ASSERT_EQ(found_line + 1, static_cast<uint32_t>(expected)) << what.host << '\n' << text;
    }
  }
  EXPECT_GT(yes, 2500u);
}

// Damage.

TEST(ListImage, WhatIsNoImageIsRefused) {
  const auto why = [](const std::vector<std::byte>& image) {
    const auto list = ListImage::over(image);
    return list ? std::string() : std::string(list.error().detail());
  };
  EXPECT_EQ(why({}), "It is cut off.");
  EXPECT_EQ(why(std::vector<std::byte>(5000)), "It is no list image of this machine.");
  const MadeList list({"a.test"});
  const size_t footer = list.bytes().size() - sizeof(ListFooter) - sizeof(DomainSetTrailer);
  std::vector<std::byte> other = list.bytes();
  other[footer + 8] = std::byte{kListImageVersion + 1};
  EXPECT_EQ(why(other), "It is of another version.");
  for (size_t length = 0; length < list.bytes().size(); ++length) {
    std::vector<std::byte> cut(list.bytes().begin(),
                               list.bytes().begin() + static_cast<ptrdiff_t>(length));
    EXPECT_NE(why(cut), "") << length;
  }
}

TEST(ListImage, EveryByteCounts) {
  const MadeList good({"a.test\n192.0.2.0/24\nhttp://c.test/ads\n2001:db8::/32\nno list"});
  for (size_t at = 0; at < good.bytes().size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::vector<std::byte> image = good.bytes();
      image.shrink_to_fit();
      image[at] ^= std::byte(flip);
      const auto list = ListImage::over(image);
      if (!list) continue;
      EXPECT_FALSE((*list)->checksum_holds()) << at;
      for (const char* host : {"a.test", "b.a.test", "c.test", "192.0.2.9", "2001:db8::1"})
        (void)found(**list, {.host = host, .https = false, .path = "/ads/x"});
    }
  }
}

TEST(ListImage, OfManyLines) {
  constexpr int kLines = 200'000;
  std::string text;
  for (int i = 0; i < kLines; ++i) text += "0.0.0.0 n" + std::to_string(i) + ".test\n";
  const MadeList list({text});
  EXPECT_EQ(list->domains().size(), uint32_t{kLines});
  for (int i = 0; i < kLines; i += 197) {
    const std::string host = 'n' + std::to_string(i) + ".test";
    ASSERT_EQ(found(*list, {host}), "0:" + std::to_string(i + 1));
    ASSERT_EQ(found(*list, {"x." + host}), "no");
  }
}

}  // namespace
}  // namespace weir::match
