#include "lists/copies.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir::lists {
namespace {

constexpr std::string_view kUrl = "http://lists.test/ads.txt";

class CopiesTest : public testing::Test {
 protected:
  CopiesTest() {
    std::string path = std::filesystem::temp_directory_path() / "weir-copies-XXXXXX";
    folder_ = mkdtemp(path.data());
  }
  ~CopiesTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  std::string text(const std::string& path) {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }
  std::string take(std::string_view content, const CopyState& state = kState) {
    write(copies().path_to_write(kUrl), content);
    const auto taken = copies().take(kUrl, state);
    EXPECT_FALSE(std::filesystem::exists(copies().path_to_write(kUrl)));
    return taken ? "" : taken.error();
  }
  Copies copies() const { return Copies(folder_); }

  static inline const CopyState kState{
      .etag = "\"a=b\"", .last_modified = "yesterday", .fetched = 100, .checked = 100};
  std::string folder_;
};

TEST_F(CopiesTest, ACopyAndItsStateAreKept) {
  EXPECT_EQ(copies().state_of(kUrl), CopyState());
  EXPECT_EQ(take("a.test\nb.test\n"), "");
  EXPECT_EQ(text(copies().path_of(kUrl)), "a.test\nb.test\n");
  EXPECT_EQ(copies().state_of(kUrl), kState);
  EXPECT_EQ(copies().state_of("http://lists.test/other.txt"), CopyState());
  CopyState later = kState;
  later.checked = 200;
  EXPECT_TRUE(copies().note(kUrl, later));
  EXPECT_EQ(copies().state_of(kUrl), later);
}

TEST_F(CopiesTest, WhatIsNoListChangesNothing) {
  EXPECT_EQ(take("a.test\n"), "");
  const std::pair<const char*, const char*> cases[] = {
      {"<html><p>Pay for your network</html>\n", "HTML"},
      {"", "has no entry"},
      {"# nothing but this\n", "has no entry"},
      {"\x1f\x8b\x08 compressed", "is not taken"},
  };
  for (const auto& [content, why] : cases) {
    EXPECT_NE(take(content, {}).find(why), std::string::npos) << content;
    EXPECT_EQ(text(copies().path_of(kUrl)), "a.test\n");
    EXPECT_EQ(copies().state_of(kUrl), kState);
  }
}

TEST_F(CopiesTest, OfACopyWithoutItsStateNothingIsKnown) {
  EXPECT_EQ(take("a.test\n"), "");
  for (const auto& each : std::filesystem::directory_iterator(folder_)) {
    if (each.path().extension() == ".state")
      write(each.path(), "url=http://else.test/\nfetched=7\n");
  }
  EXPECT_EQ(copies().state_of(kUrl), CopyState());
  std::filesystem::remove(copies().path_of(kUrl));
  EXPECT_EQ(copies().state_of(kUrl), CopyState());
}

TEST_F(CopiesTest, WithoutAFolderNothingIsThere) {
  EXPECT_FALSE(Copies("").can_keep());
  EXPECT_EQ(Copies("").state_of(kUrl), CopyState());
}

}  // namespace
}  // namespace weir::lists
