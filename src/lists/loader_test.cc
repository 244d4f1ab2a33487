#include "lists/loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "match/folder_fake.h"

namespace weir::lists {
namespace {

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    std::filesystem::create_directory(images_);
    configs_["ads"].paths = {path_};
    configs_["ads"].category = "ads";
    write("a.test\nb.test\n");
  }

  void write(const std::string& text) const { std::ofstream(path_) << text; }

  /// Loads, and expects that it works.
  void load() {
    auto result = loader_->load(configs_, loaded_.get());
    ASSERT_TRUE(result) << result.error();
    loaded_ = result->lists;
    words_ = std::move(result->words);
  }
  std::string error() {
    const auto result = loader_->load(configs_, loaded_.get());
    return result ? std::string() : result.error();
  }
  bool has(const char* host, uint32_t list = 0) const {
    policy::ListHit hit;
    return loaded_->has(list, {.host = host}, hit) == policy::Holds::yes;
  }
  const match::ListFile* image(size_t list = 0) const { return loaded_->lists()[list].file.get(); }
  /// As at the next start.
  void start_again() {
    loaded_ = nullptr;
    loader_.emplace(images_);
  }
  /// Until a file that was written just now is one that was written a while ago.
  static void let_time_pass() { std::this_thread::sleep_for(std::chrono::milliseconds(2100)); }
  ino_t inode() const {
    struct stat status{};
    return stat((images_ + "/ads.list").c_str(), &status) == 0 ? status.st_ino : 0;
  }

  match::Folder folder_;
  const std::string path_ = folder_.file("ads.txt");
  const std::string images_ = folder_.file("images");
  ListConfigs configs_;
  std::optional<Loader> loader_{images_};
  std::shared_ptr<const Loaded> loaded_;
  std::vector<std::string> words_;
};

TEST_F(LoaderTest, UnchangedSourcesAreNotCompiledAgain) {
  let_time_pass();
  load();
  EXPECT_TRUE(has("www.a.test"));
  EXPECT_EQ(words_, std::vector<std::string>());
  const auto* const first = image();
  const ino_t on_disk = inode();
  load();
  EXPECT_EQ(image(), first);
  start_again();
  load();
  EXPECT_TRUE(has("b.test"));
  EXPECT_EQ(inode(), on_disk);

  write("c.test\n");
  load();
  EXPECT_TRUE(has("c.test"));
  EXPECT_FALSE(has("a.test"));
  EXPECT_NE(inode(), on_disk);
}

TEST_F(LoaderTest, AFileThatWasWrittenJustNowIsReadAgain) {
  load();
  // Of the same length, and within what a file system may take for the same time.
  write("x.test\ny.test\n");
  load();
  EXPECT_TRUE(has("x.test"));
}

TEST_F(LoaderTest, ChangesInTheConfigurationCount) {
  let_time_pass();
  load();
  configs_["ads"].rules = {"own.test", "lan"};
  configs_["ads"].rule_places = {"weir.toml:4", "weir.toml:5"};
  load();
  EXPECT_TRUE(has("own.test") && has("printer.lan") && has("a.test"));
  policy::ListHit hit;
  ASSERT_EQ(loaded_->has(0, {.host = "lan"}, hit), policy::Holds::yes);
  EXPECT_EQ(loaded_->place_of(hit), "weir.toml:5");
  ASSERT_EQ(loaded_->has(0, {.host = "b.test"}, hit), policy::Holds::yes);
  EXPECT_EQ(loaded_->place_of(hit), path_ + ":2");
  // Where the lines are written is no part of the image.
  const auto* const compiled = image();
  configs_["ads"].rule_places = {"weir.toml:14", "weir.toml:15"};
  configs_["ads"].category = "other";
  load();
  EXPECT_EQ(image(), compiled);
  EXPECT_EQ(loaded_->place_of({0, 1}), "weir.toml:15");
  EXPECT_EQ(loaded_->names()[0].category, "other");
}

TEST_F(LoaderTest, AListThatFailsStaysAsItWas) {
  load();
  write("<html>");
  load();
  EXPECT_TRUE(has("a.test"));
  EXPECT_EQ(words_, std::vector{"lists.ads stays as it was: " + path_ +
                                " is not taken: It is an HTML or XML document, and no list."});
  start_again();
  std::filesystem::remove(path_);
  load();
  EXPECT_TRUE(has("a.test"));
  EXPECT_EQ(words_, std::vector{"lists.ads stays as it was: " + path_ +
                                " can't be read: No such file or directory."});
  // What somebody has just written into the configuration must not be ignored, though.
  configs_["ads"].rules = {"own.test"};
  EXPECT_EQ(error(), "lists.ads: " + path_ + " can't be read: No such file or directory.");
}

TEST_F(LoaderTest, WithoutAGoodImageThereIsAnError) {
  std::filesystem::remove(path_);
  EXPECT_EQ(error(), "lists.ads: " + path_ + " can't be read: No such file or directory.");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(error(), "lists.ads: " + path_ + " can't be read: It is a folder.");
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(error(), "lists.ads: " + path_ + " can't be read: It is no ordinary file.");
}

TEST_F(LoaderTest, WhatMayNotBeReadIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::filesystem::permissions(path_, std::filesystem::perms::none);
  EXPECT_EQ(error(), "lists.ads: " + path_ + " can't be read: Permission denied.");
}

TEST_F(LoaderTest, ADamagedImageIsMadeAnew) {
  let_time_pass();
  load();
  start_again();
  std::fstream file(images_ + "/ads.list", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(200);
  file << "damage";
  file.close();
  load();
  EXPECT_TRUE(has("a.test") && has("b.test"));
  EXPECT_EQ(words_,
            std::vector{"lists.ads: its image is made anew: " + images_ + "/ads.list is damaged."});
  start_again();
  std::filesystem::resize_file(images_ + "/ads.list", 50);
  load();
  EXPECT_TRUE(has("a.test"));
}

TEST_F(LoaderTest, WithoutAFolderNothingIsLeftBehind) {
  const match::Folder temporary;
  setenv("TMPDIR", temporary.file(".").c_str(), 1);
  loader_.emplace("");
  load();
  unsetenv("TMPDIR");
  EXPECT_TRUE(has("a.test"));
  EXPECT_TRUE(std::filesystem::is_empty(temporary.file(".")));
}

TEST_F(LoaderTest, ListsHaveOneKey) {
  configs_["more"].rules = {"c.test"};
  load();
  EXPECT_EQ(image(0)->image().key(), image(1)->image().key());
  EXPECT_TRUE(has("c.test", 1));
  start_again();
  configs_["third"].rules = {"d.test"};
  load();
  EXPECT_EQ(image(0)->image().key(), image(2)->image().key());
}

TEST_F(LoaderTest, LinesThatAreNotTakenAreTold) {
  write("a.test\nb.test\nno list\nc.test\n@@||d.test^\n");
  load();
  EXPECT_EQ(words_, std::vector{"lists.ads: of " + path_ +
                                " 2 lines are not taken; the first is line 3: it has several "
                                "words, and is no line that is known"});
}

}  // namespace
}  // namespace weir::lists
