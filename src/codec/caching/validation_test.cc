#include "codec/caching/validation.h"

#include <gtest/gtest.h>

#include <vector>

#include "codec/caching/entity_tag.h"
#include "codec/caching/heads_fake.h"

namespace weir::caching {
namespace {

std::string tags(std::string_view list) {
  std::string text;
  while (const auto tag = take_entity_tag(list)) {
    text += tag->weak ? " W" : " ";
    text += tag->opaque;
  }
  return text;
}

TEST(EntityTag, InLists) {
  EXPECT_EQ(tags("\"a\""), " \"a\"");
  EXPECT_EQ(tags(" \"a\" ,W/\"b, c\", ,\"\""), " \"a\"") << "no blank is in a tag";
  EXPECT_EQ(tags("\"a\",W/\"b,c\",\"\""), " \"a\" W\"b,c\" \"\"");
  EXPECT_EQ(tags("a, \"b\""), "");
  EXPECT_EQ(tags("\"a\" \"b\""), "");
  EXPECT_EQ(tags("\"a\", w/\"b\""), " \"a\"");
  EXPECT_EQ(tags("\"a"), "");
}

TEST(EntityTag, Alone) {
  EXPECT_TRUE(parse_entity_tag(" \"a\" "));
  EXPECT_TRUE(parse_entity_tag("W/\"\"")->weak);
  for (const char* none : {"", "a", "\"a", "\"a\"b", "\"a\", \"b\"", "*", "W/a", "'a'"})
    EXPECT_FALSE(parse_entity_tag(none)) << none;
}

Answer answered(Lines request, Lines stored, int status = 200) {
  const auto asking = http::RequestHead::make();
  for (const auto& [name, value] : request) asking->fields.add(name, value);
  const Stored about{.request_s = kNow, .response_s = kNow, .date_s = kNow, .status = status};
  return answer_to(asking->fields, response(stored)->fields, about);
}

constexpr auto kContent = Answer::content, kNotModified = Answer::not_modified;

TEST(Conditions, IfNoneMatch) {
  const Lines stored{{"ETag", "\"a\""}};
  EXPECT_EQ(answered({}, stored), kContent);
  EXPECT_EQ(answered({{"If-None-Match", "\"a\""}}, stored), kNotModified);
  EXPECT_EQ(answered({{"If-None-Match", "W/\"a\""}}, stored), kNotModified);
  EXPECT_EQ(answered({{"If-None-Match", "\"b\", \"a\""}}, stored), kNotModified);
  EXPECT_EQ(answered({{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, stored),
            kNotModified);
  EXPECT_EQ(answered({{"If-None-Match", "*"}}, stored), kNotModified);
  EXPECT_EQ(answered({{"If-None-Match", "\"b\""}}, stored), kContent);
  EXPECT_EQ(answered({{"If-None-Match", "a"}}, stored), kContent);
  EXPECT_EQ(answered({{"If-None-Match", "\"a\""}}, {}), kContent);
  EXPECT_EQ(answered({{"If-None-Match", "\"a\""}}, {{"ETag", "W/\"a\""}}), kNotModified);
  EXPECT_EQ(answered({{"If-None-Match", "\"a\""}}, stored, 404), kContent) << "only of a 200";
}

TEST(Conditions, IfModifiedSince) {
  const Lines stored{{"Last-Modified", date(kNow - 100)}};
  EXPECT_EQ(answered({{"If-Modified-Since", date(kNow - 100)}}, stored), kNotModified);
  EXPECT_EQ(answered({{"If-Modified-Since", date(kNow)}}, stored), kNotModified);
  EXPECT_EQ(answered({{"If-Modified-Since", date(kNow - 101)}}, stored), kContent);
  EXPECT_EQ(answered({{"If-Modified-Since", "0"}}, stored), kContent);
  EXPECT_EQ(answered({{"If-Modified-Since", date(kNow)}}, {}), kNotModified) << "by its Date";
  EXPECT_EQ(answered({{"If-Modified-Since", date(kNow - 1)}}, {}), kContent);
}

TEST(Conditions, IfNoneMatchGoesFirst) {
  EXPECT_EQ(answered({{"If-None-Match", "\"b\""}, {"If-Modified-Since", date(kNow)}},
                     {{"ETag", "\"a\""}, {"Last-Modified", date(kNow - 9)}}),
            kContent);
}

TEST(Conditions, SomeAreForTheOriginAlone) {
  for (const char* name : {"If-Match", "If-Unmodified-Since"}) {
    const auto head = http::RequestHead::make();
    head->fields.add(name, "\"a\"");
    EXPECT_TRUE(has_conditions_for_origin(head->fields));
  }
  EXPECT_FALSE(has_conditions_for_origin(http::RequestHead::make()->fields));
}

/// Several stored responses.
struct Several {
  explicit Several(std::initializer_list<Lines> all) {
    for (const Lines& each : all) heads.push_back(response(each));
    for (const auto& head : heads) fields.push_back(&head->fields);
  }
  std::vector<base::Ref<http::ResponseHead>> heads;
  std::vector<const http::Fields*> fields;
};

std::string asked(std::initializer_list<Lines> stored) {
  const auto conditions = conditions_for(Several(stored).fields);
  return conditions.if_none_match + " | " + conditions.if_modified_since;
}

TEST(Validation, WhatIsAsked) {
  EXPECT_EQ(asked({{{"ETag", "\"a\""}, {"Last-Modified", date(kNow)}}}), "\"a\" | " + date(kNow));
  EXPECT_EQ(asked({{{"ETag", "\"a\""}}, {{"ETag", "W/\"b\""}}, {{"X", "y"}}}), "\"a\", W/\"b\" | ");
  EXPECT_EQ(asked({{{"ETag", "a"}}}), " | ");
  EXPECT_TRUE(conditions_for({}).empty());
}

std::vector<size_t> chosen(Lines answer, std::initializer_list<Lines> stored) {
  return chosen_by(response(answer, 304)->fields, Several(stored).fields);
}

TEST(Validation, WhichOnesA304IsAbout) {
  using Places = std::vector<size_t>;
  const std::initializer_list<Lines> two{{{"ETag", "\"a\""}}, {{"ETag", "\"b\""}}};
  EXPECT_EQ(chosen({{"ETag", "\"b\""}}, two), Places{1});
  EXPECT_EQ(chosen({{"ETag", "\"c\""}}, two), Places{});
  EXPECT_EQ(chosen({}, two), Places{}) << "it does not say which";
  EXPECT_EQ(chosen({{"ETag", "\"a\""}}, {{{"ETag", "\"a\""}}, {{"ETag", "\"a\""}}}),
            (Places{0, 1}));
  EXPECT_EQ(chosen({{"ETag", "\"a\""}}, {{{"ETag", "W/\"a\""}}}), Places{})
      << "a strong tag is about what has it";
  EXPECT_EQ(chosen({{"ETag", "W/\"a\""}}, {{{"ETag", "\"a\""}}}), Places{0});
  EXPECT_EQ(chosen({{"Last-Modified", date(kNow)}}, {{{"Last-Modified", date(kNow)}}}), Places{0});
  EXPECT_EQ(chosen({{"Last-Modified", date(kNow)}}, {{{"Last-Modified", date(kNow - 1)}}}),
            Places{});
  EXPECT_EQ(chosen({}, {{{"ETag", "\"a\""}}}), Places{0});
}

std::string text_of(const http::ResponseHead& head) {
  std::string text;
  for (const http::Field& field : head.fields.all())
    text += std::string(field.name()) + '=' + std::string(field.value()) + ' ';
  return text;
}

TEST(Validation, WhatA304SaysIsNew) {
  const auto stored = response({{"ETag", "\"a\""},
                                {"Content-Length", "5"},
                                {"Content-Encoding", "gzip"},
                                {"Set-Cookie", "a=1"},
                                {"Set-Cookie", "b=2"},
                                {"X-Kept", "1"},
                                {"Cache-Control", "max-age=5"}});
  const auto merged = updated(*stored, response({{"ETag", "W/\"a\""},
                                                 {"content-length", "0"},
                                                 {"Content-Encoding", "br"},
                                                 {"Content-MD5", "x"},
                                                 {"set-cookie", "c=3"},
                                                 {"Cache-Control", "max-age=7"},
                                                 {"X-New", "2"},
                                                 {"X-New", "3"}})
                                           ->fields);
  EXPECT_EQ(text_of(*merged),
            "ETag=\"a\" Content-Length=5 Content-Encoding=gzip X-Kept=1 set-cookie=c=3 "
            "Cache-Control=max-age=7 X-New=2 X-New=3 ");
  EXPECT_EQ(merged->status, 200);
}

TEST(Validation, UpdatingTwiceIsUpdatingOnce) {
  const auto stored = response({{"A", "1"}, {"B", "2"}, {"ETag", "\"a\""}});
  const auto answer = response({{"B", "3"}, {"C", "4"}, {"B", "5"}});
  const auto once = updated(*stored, answer->fields);
  EXPECT_EQ(text_of(*updated(*once, answer->fields)), text_of(*once));
}

TEST(Validation, WhatHeadShows) {
  const auto stored = response({{"ETag", "\"a\""}, {"Content-Length", "5"}});
  EXPECT_FALSE(shows_a_change(response({{"ETag", "\"a\""}})->fields, stored->fields));
  EXPECT_FALSE(shows_a_change(response({})->fields, stored->fields));
  EXPECT_TRUE(shows_a_change(response({{"ETag", "\"b\""}})->fields, stored->fields));
  EXPECT_TRUE(shows_a_change(response({{"Content-Length", "6"}})->fields, stored->fields));
  EXPECT_TRUE(shows_a_change(response({{"Last-Modified", date(kNow)}})->fields, stored->fields));
}

}  // namespace
}  // namespace weir::caching
