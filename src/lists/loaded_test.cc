#include "lists/loaded.h"

#include <gtest/gtest.h>

#include "match/folder_fake.h"
#include "match/list_fake.h"

namespace weir::lists {
namespace {

using policy::Facts;
using policy::Holds;
using policy::ListHit;

/// Lists from texts; each text is one list with one source.
class Made {
 public:
  explicit Made(const std::vector<std::pair<std::string, std::string>>& sources) {
    std::vector<LoadedList> lists;
    for (const auto& [name, text] : sources) {
      const std::string path = folder_.file(name);
      match::write_file(path, match::MadeList({text}).bytes());
      lists.push_back({name, "category of " + name, {}, *match::ListFile::open(path)});
    }
    loaded_ = Loaded(std::move(lists));
  }
  const Loaded* operator->() const { return &loaded_; }
  /// "yes source 0:1" and so on.
  std::string ask(uint32_t list, const Facts& facts) const {
    ListHit hit;
    switch (loaded_.has(list, facts, hit)) {
      case Holds::no: return "no";
      case Holds::unknown: return "unknown";
      case Holds::yes: break;
    }
    EXPECT_EQ(hit.list, list);
    return "yes " + loaded_.place_of(hit);
  }

 private:
  match::Folder folder_;
  Loaded loaded_;
};

TEST(Loaded, AnswersByWhatIsKnown) {
  const Made lists({{"hosts", "a.test\n=b.test\n"},
                    {"networks", "192.0.2.0/24\nc.test\n"},
                    {"urls", "\nhttp://a.test/ads/\n"}});
  const auto v4 = [](const char* text) { return *base::IpAddress::parse(text); };
  const struct {
    uint32_t list;
    Facts facts;
    const char* answer;
  } cases[] = {
      {0, {.host = "www.a.test"}, "yes source 0:1"},
      {0, {.host = "b.test"}, "yes source 0:2"},
      {0, {.host = "www.b.test"}, "no"},
      {0, {.host = "192.0.2.1", .literal = true}, "no"},
      {1, {.host = "www.c.test"}, "yes source 0:2"},
      {1, {.host = "d.test"}, "unknown"},
      {1, {.host = "d.test", .address = v4("192.0.2.9")}, "yes source 0:1"},
      {1, {.host = "d.test", .address = v4("192.0.3.9")}, "no"},
      {1, {.host = "192.0.2.1", .literal = true}, "yes source 0:1"},
      {1, {.host = "::ffff:192.0.2.1", .literal = true}, "yes source 0:1"},
      {1, {.host = "192.0.3.1", .literal = true}, "no"},
      {2, {.host = "a.test", .port = 80}, "unknown"},
      {2, {.host = "a.test", .port = 81}, "no"},
      {2, {.host = "a.test", .port = 80, .https = false, .path = "/ads/x"}, "yes source 0:2"},
      {2, {.host = "a.test", .port = 80, .https = false, .path = "/x"}, "no"},
      {2, {.host = "d.test", .port = 80}, "no"},
  };
  for (const auto& c : cases) EXPECT_EQ(lists.ask(c.list, c.facts), c.answer) << c.facts.host;
}

TEST(Loaded, HashesAreOfTheHostThatIsAskedFor) {
  const Made lists({{"one", "a.test\n10.0.0.1\n"}, {"two", "b.test\n"}});
  std::string host = "a.test";
  EXPECT_EQ(lists.ask(0, {.host = host}), "yes source 0:1");
  EXPECT_EQ(lists.ask(1, {.host = host}), "no");
  host[0] = 'b';  // In the same memory.
  EXPECT_EQ(lists.ask(1, {.host = host}), "yes source 0:1");
  EXPECT_EQ(lists.ask(0, {.host = "10.0.0.1", .literal = true}), "yes source 0:2");
}

TEST(Loaded, NamesAndPlaces) {
  const Made lists({{"ads", "a.test"}, {"social", "b.test"}});
  const auto names = lists->names();
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[1].name, "social");
  EXPECT_EQ(names[1].category, "category of social");

  match::Folder folder;
  const std::string path = folder.file("own");
  match::ListBuilder builder(match::kTestKey);
  builder.begin_source("");
  builder.add_domain("a.test", match::DomainKind::itself, 1);
  builder.add_domain("b.test", match::DomainKind::itself, 2);
  ASSERT_TRUE(builder.end_source({.lines = 2}));
  ASSERT_TRUE(match::write_image_file(
      path, [&](const match::ImageSink& sink) { return std::move(builder).write({}, sink); }));
  const Loaded own({{"own", "", {"weir.toml:7", "weir.toml:8"}, *match::ListFile::open(path)}});
  EXPECT_EQ(own.place_of({0, 1}), "weir.toml:8");
  EXPECT_EQ(own.place_of({0, 9}), "lists.own.rules");
}

}  // namespace
}  // namespace weir::lists
