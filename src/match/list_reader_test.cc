#include "match/list_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "match/list_fake.h"

namespace weir::match {
namespace {

struct ReadList {
  explicit ReadList(std::string_view text, ListOrigin origin = ListOrigin::file,
                    size_t piece = SIZE_MAX) {
    ListReader reader(sink, origin);
    while (!text.empty() && reader.feed(text.substr(0, piece)))
      text.remove_prefix(std::min(piece, text.size()));
    auto finished = std::move(reader).finish();
    if (finished)
      report = *std::move(finished);
    else
      refused = finished.error().detail();
  }
  std::string entries() const {
    std::string joined;
    for (const std::string& each : sink.all) joined += (joined.empty() ? "" : ", ") + each;
    return joined;
  }
  std::string first_fault() const {
    return report.first_not_taken.empty() ? "" : report.first_not_taken.front().why;
  }

  NotedEntries sink;
  ListReport report;
  std::string refused;
};

TEST(ListReader, LinesOfEachForm) {
  const struct {
    const char* line;
    const char* entries;
  } cases[] = {
      // Names
      {"example.com", "1 example.com"},
      {"=example.com", "1 =example.com"},
      {"Example.COM.", "1 example.com"},
      {"  example.com\t ", "1 example.com"},
      {"example.com # why", "1 example.com"},
      {"example.com#why", "1 example.com"},
      {"example.com ; why", "1 example.com"},
      {"xn--bcher-kva.example", "1 xn--bcher-kva.example"},
      {"_dmarc.example.com", "1 _dmarc.example.com"},
      {"=lan", "1 =lan"},
      // Wildcards
      {"*.example.com", "1 *.example.com"},
      {".example.com", "1 example.com"},
      {".zip", "1 zip"},
      {"*.zip", "1 *.zip"},
      // Hosts
      {"0.0.0.0 example.com", "1 =example.com"},
      {"127.0.0.1\texample.com  www.EXAMPLE.com", "1 =example.com, 1 =www.example.com"},
      {":: example.com # why", "1 =example.com"},
      {"::1 example.com#why", "1 =example.com"},
      {"127.0.0.53 example.com", "1 =example.com"},
      {"::ffff:0.0.0.0 example.com", "1 =example.com"},
      {"0.0.0.0 wpad", "1 =wpad"},
      {"0.0.0.0 ns", "1 =ns"},
      {"0.0.0.0 a cname", "1 =a, 1 =cname"},
      {"127.0.0.1 localhost localhost.localdomain local example.com", "1 =example.com"},
      {"fe80::1%lo0 localhost", ""},
      {"255.255.255.255 broadcasthost", ""},
      {"ff02::1 ip6-allnodes", ""},
      {"0.0.0.0 0.0.0.0", ""},
      // dnsmasq
      {"address=/example.com/0.0.0.0", "1 example.com"},
      {"address=/example.com/", "1 example.com"},
      {"address=/example.com/#", "1 example.com"},
      {"address=/a.test/b.test/::", "1 a.test, 1 b.test"},
      {"local=/example.com/", "1 example.com"},
      {"server=/example.com/", "1 example.com"},
      {"local=/lan/", "1 lan"},
      // Zones
      {"example.com CNAME .", "1 =example.com"},
      {"*.example.com CNAME .", "1 *.example.com"},
      {"example.com 300 IN CNAME . ; why", "1 =example.com"},
      {"example.com IN 1h cname *.", "1 =example.com"},
      {"example.com CNAME rpz-drop.", "1 =example.com"},
      {"example.com A 0.0.0.0", "1 =example.com"},
      {"example.com IN AAAA ::", "1 =example.com"},
      // Ad-block syntax that is a host
      {"||example.com^", "1 example.com"},
      {"||192.0.2.7^", "1 192.0.2.7/32"},
      // Networks
      {"192.0.2.0/24", "1 192.0.2.0/24"},
      {"192.0.2.0/24 ; SBL1", "1 192.0.2.0/24"},
      {"192.0.2.0/24#SBL1", "1 192.0.2.0/24"},
      {"192.0.2.7", "1 192.0.2.7/32"},
      {"2001:DB8::/32", "1 2001:db8::/32"},
      {"fd00::1", "1 fd00::1/128"},
      // URLs
      {"http://example.com/ads", "1 http example.com/ads"},
      {"https://Example.com:8443/%7euser/A", "1 https example.com:8443/~user/A"},
      {"example.com/ads/", "1 both example.com/ads/"},
      {"example.com/ads*", "1 both example.com/ads*"},
      {"example.com/a?b=http://c/", "1 both example.com/a?b=http://c/"},
      {"http://192.0.2.7:81/i", "1 http [192.0.2.7]:81/i"},
      {"http://[2001:DB8::1]/i", "1 http [2001:db8::1]/i"},
      {"https://example.com", "1 https example.com/"},
      {"https://example.com/a#b", "1 https example.com/a"},
      {"example.com/a;b#c", "1 both example.com/a;b"},
      {"example.com/a # b", "1 both example.com/a"},
      {"example.com:8080", "1 both example.com:8080/"},
      // Comments
      {"# example.com", ""},
      {"! example.com", ""},
      {"; example.com", ""},
      {" # example.com", ""},
      {"   ", ""},
      {"", ""},
      {"\xef\xbb\xbf"
       "example.com\r",
       "1 example.com"},
  };
  for (const auto& c : cases) {
    const ReadList read(c.line);
    EXPECT_EQ(read.entries(), c.entries) << c.line;
    EXPECT_EQ(read.refused, "") << c.line;
    EXPECT_EQ(read.report.not_taken, 0u) << c.line;
  }
}

TEST(ListReader, WhatIsNotTakenHasAReason) {
  const std::string much = std::string(kLongestListLine + 1, 'a');
  const struct {
    std::string line;
    const char* why;
  } cases[] = {
      {"com", "a name without a dot; `.name` is it and all below it, `=name` it alone"},
      {"com.", "a name without a dot; `.name` is it and all below it, `=name` it alone"},
      {"b\xc3\xbc"
       "cher.example",
       "write an internationalised name in its xn-- form"},
      {"exa mple.com", "it has several words, and is no line that is known"},
      {"a..test", "it has an empty part between dots"},
      {"a.*.test", "`*` stands only at the beginning, as `*.suffix`"},
      {"1.2.3", "it is neither a name nor an address"},
      {"0.0.0.0 10.0.0.1", "it is an address, and names alone stand here"},
      {"192.168.0.5 nas.lan", "it leads a name to a real address; lists have 0.0.0.0 or 127.0.0.1"},
      {"address=/a.test/192.168.0.5", "it leads a name to a real address or server"},
      {"server=/a.test/192.168.0.5", "it leads a name to a real address or server"},
      {"server=/a.test/#", "an exception: names that are looked up as usual"},
      {"address=/#/", "a name has letters, digits, `-`, `_` and dots only"},
      {"address=//", "it has no name between slashes"},
      {"a.test CNAME rpz-passthru.", "an exception of the zone"},
      {"a.test CNAME garden.test.", "a record that leads a name to another one"},
      {"a.test A 192.0.2.1", "a record that leads a name to a real address"},
      {"a.test TXT hello", "a record that says nothing about a name in a list"},
      {"a.test. CNAME .", "a name outside the zone, whose own name $ORIGIN or SOA gives"},
      {"24.0.2.0.192.rpz-ip CNAME .", "of zones only names are taken"},
      {"$INCLUDE other", "a list is one file, which its lines alone make"},
      {"@@||a.test^", "an exception of the ad-block syntax"},
      {"||a.test^$script", "ad-block syntax that needs more than a host"},
      {"||a.test/path", "ad-block syntax that needs more than a host"},
      {"||a.test", "ad-block syntax that needs more than a host"},
      {"||", "ad-block syntax that needs more than a host"},
      {"|http://a.test/", "ad-block syntax that needs more than a host"},
      {"/banner[0-9]/", "ad-block syntax that needs more than a host"},
      {"a.test##.ad", "ad-block syntax about what a page shows"},
      {"a.test#@#.ad", "ad-block syntax about what a page shows"},
      {"192.0.2.1/24", "it is no network: its prefix is too long, or bits beyond it are set"},
      {"192.0.2.0/33", "it is no network: its prefix is too long, or bits beyond it are set"},
      {"ftp://a.test/", "its scheme is neither http nor https"},
      {"http://u@a.test/", "a URL in a list has no name of a user in it"},
      {"http://a.test:http/", "its port is no number"},
      {"http://a.test:0/", "its port is no number"},
      {"a.test/b*c", "a `*` in a URL stands only at its end"},
      {"http:///a", "it has no name"},
      {much, "it is longer than 4096 bytes"},
      {std::string("a\0b.test", 8), "it has a NUL in it"},
  };
  for (const auto& c : cases) {
    // Beside lines that are understood, since one alone would not be a list.
    const ReadList read("a.example\nb.example\n" + c.line + "\nc.example\n");
    EXPECT_EQ(read.entries(), "1 a.example, 2 b.example, 4 c.example") << c.line;
    EXPECT_EQ(read.first_fault(), c.why) << c.line;
    ASSERT_EQ(read.report.not_taken, 1u) << c.line;
    EXPECT_EQ(read.report.first_not_taken.front().number, 3u);
    EXPECT_EQ(read.report.first_not_taken.front().text, c.line.substr(0, ListReport::kKeptBytes));
  }
}

TEST(ListReader, OwnersLinesMayHaveNamesWithoutADot) {
  EXPECT_EQ(ReadList("lan", ListOrigin::own).entries(), "1 lan");
}

TEST(ListReader, Zones) {
  const ReadList with_origin(R"($ORIGIN rpz.example.
$TTL 300
@ IN SOA ns.rpz.example. root.rpz.example. (
     1 ; serial
     3600 600 86400 300 )
@ IN NS ns.rpz.example.
  NS other.example.
a.test.rpz.example. CNAME .
*.a.test.rpz.example. CNAME .
b.test CNAME .
  A 0.0.0.0
good.test CNAME rpz-passthru.
elsewhere.test. CNAME .
$ORIGIN test.rpz.example.
c CNAME .
)");
  EXPECT_EQ(with_origin.entries(), "8 =a.test, 9 *.a.test, 10 =b.test, 11 =b.test, 15 =c.test");
  EXPECT_EQ(with_origin.report.exceptions, 1u);
  EXPECT_EQ(with_origin.report.not_taken, 2u);
  const ReadList by_authority(
      "rpz.example. 60 SOA a. b. 1 2 3 4 5\na.test.rpz.example. CNAME .\nb.test CNAME .\n");
  EXPECT_EQ(by_authority.entries(), "2 =a.test, 3 =b.test");
  EXPECT_EQ(by_authority.report.not_taken, 0u);
  const ReadList without(
      "$TTL 60\n@ SOA localhost. a. (1 2 3 4 5)\n NS localhost.\na.test CNAME .\n");
  EXPECT_EQ(without.entries(), "4 =a.test");
  EXPECT_EQ(without.report.not_taken, 0u);
}

TEST(ListReader, FilesOfOtherKindsAreRefused) {
  const std::string filters =
      "It is a list in ad-block syntax, which comes with a later version of Weir.";
  const struct {
    std::string text;
    std::string why;
  } cases[] = {
      {"[Adblock Plus 2.0]\n||a.test^\n", filters},
      {"! Title: x\n\n[uBlock Origin]\n||a.test^\n", filters},
      {"a.test##.x\nb.test##.x\nc.test##.x\nd.test\n", filters},
      {"||a.test^$all\n||b.test^$all\n||c.test^$all\n||d.test^\n", filters},
      {"\n <!DOCTYPE html>\n<p>a.test", "It is an HTML or XML document, and no list."},
      {"\x1f\x8b\x08", "It is compressed (gzip); unpack it."},
      {"\xff\xfe"
       "a",
       "It is written in UTF-16; write it in UTF-8."},
      {"Dear reader,\nthis is no list.\nexample.com\n",
       "It is no list in a form that Weir knows: of line 1 on, most lines are not understood (it "
       "has several words, and is no line that is known)."},
      {std::string(9, '\0'),
       "It is no list in a form that Weir knows: of line 1 on, most lines are not understood (it "
       "has a NUL in it)."},
  };
  for (const auto& c : cases) EXPECT_EQ(ReadList(c.text).refused, c.why) << c.text;
}

TEST(ListReader, HostsInAdBlockSyntaxAreHosts) {
  const ReadList read("! a\n||a.test^\n||b.test^\n@@||c.test^\n||d.test^$script\n");
  EXPECT_EQ(read.entries(), "2 a.test, 3 b.test");
  EXPECT_EQ(read.report.exceptions, 1u);
  EXPECT_EQ(read.report.filters, 1u);
  EXPECT_EQ(read.report.not_taken, 2u);
}

TEST(ListReader, AnEmptyTextIsAnEmptyList) {
  for (const char* text : {"", "\n", "# nothing\n\n"}) {
    const ReadList read(text);
    EXPECT_EQ(read.refused, "");
    EXPECT_EQ(read.report.entries(), 0u);
  }
}

TEST(ListReader, CountsByForm) {
  const ReadList read(
      "a.test\n.b.test\n0.0.0.0 c.test localhost\naddress=/d.test/\ne.test CNAME .\n||f.test^\n"
      "192.0.2.7\nhttp://g.test/\nh.test\n");
  EXPECT_EQ(read.report.taken, (std::array<uint32_t, kListForms>{2, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(read.report.ignored, 1u);
  EXPECT_EQ(read.report.lines, 9u);
}

TEST(ListReader, WherePiecesEndDoesNotMatter) {
  const std::string text =
      "\xef\xbb\xbf"
      "a.test\r\n\r\n0.0.0.0 b.test\nno list\n" +
      std::string(kLongestListLine, 'x') + "\r\n" + std::string(2 * kLongestListLine, 'x') +
      "\nc.test/x\n.d.test";
  const ReadList whole(text);
  EXPECT_EQ(whole.entries(), "1 a.test, 3 =b.test, 7 both c.test/x, 8 d.test");
  EXPECT_EQ(whole.report.not_taken, 3u);
  for (const size_t piece : {1, 2, 3, 7, 64, 4096, 4097, 4098, 5000}) {
    const ReadList pieces(text, ListOrigin::file, piece);
    EXPECT_EQ(pieces.entries(), whole.entries()) << piece;
    EXPECT_EQ(pieces.report, whole.report) << piece;
  }
}

TEST(ListReader, LimitsEndTheReading) {
  {
    NotedEntries sink;
    sink.most = 2;
    ListReader reader(sink);
    EXPECT_FALSE(reader.feed("a.test\nb.test\nc.test\nd.test\n"));
    EXPECT_EQ(std::move(reader).finish().error().detail(),
              "It has more entries than there is room for.");
  }
  {
    NotedEntries sink;
    ListReader reader(sink);
    const std::string line(1 << 20, 'x');
    int fed = 0;
    while (reader.feed(line)) ++fed;
    EXPECT_EQ(fed, 256);
    EXPECT_EQ(std::move(reader).finish().error().detail(), "It is larger than 256 MiB.");
  }
  {
    NotedEntries sink;
    ListReader reader(sink);
    int fed = 0;
    while (fed < 1'000'000 && reader.feed("no list at all\n")) ++fed;
    EXPECT_EQ(fed, 10'000);
  }
}

TEST(ListReader, AnyBytesAreReadWithoutHarm) {
  std::mt19937 random(1);
  const std::string_view likely = "a.b/:*=|^#$@;!% \t\r\n\n\n019CNAME[]()<\xc3\xbc";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t i = random() % 300; i > 0; --i)
      text += random() % 4 != 0 ? likely[random() % likely.size()] : static_cast<char>(random());
    const ReadList read(text);
    EXPECT_LE(read.report.first_not_taken.size(), ListReport::kMostKept);
  }
}

}  // namespace
}  // namespace weir::match
