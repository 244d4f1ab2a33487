#include "match/image_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>

#include "match/folder_fake.h"

namespace weir::match {
namespace {

WriteImage text(std::string text) {
  return [text](const ImageSink& sink) { return sink(std::as_bytes(std::span(text))); };
}
std::string text_of(const ImageFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(ImageFile, IsWrittenAndMapped) {
  const Folder folder;
  const std::string path = folder.file("image");
  ASSERT_TRUE(write_image_file(path, text("what it says")));
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  const auto file = ImageFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(text_of(**file), "what it says");
  (*file)->forget_from(0);
  EXPECT_EQ(text_of(**file), "what it says");
}

TEST(ImageFile, IsReplacedUnderItsReaders) {
  const Folder folder;
  const std::string path = folder.file("image");
  ASSERT_TRUE(write_image_file(path, text("old")));
  const auto old = ImageFile::open(path);
  write_file(path + ".new", {});  // Left by a process that was killed.
  ASSERT_TRUE(write_image_file(path, text("new one")));
  const auto now = ImageFile::open(path);
  ASSERT_TRUE(old && now);
  std::filesystem::remove(path);
  EXPECT_EQ(text_of(**old), "old");
  EXPECT_EQ(text_of(**now), "new one");
}

TEST(ImageFile, AFailureLeavesTheOldOne) {
  const Folder folder;
  const std::string path = folder.file("image");
  ASSERT_TRUE(write_image_file(path, text("old")));
  const auto failed = write_image_file(path, [](const ImageSink& sink) -> base::Result<void> {
    CHECK_OK(sink(std::as_bytes(std::span("half"))));
    return base::fail(base::ErrorType::proxy_internal_error, "It is too much.");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().detail(), "It is too much.");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_EQ(text_of(**ImageFile::open(path)), "old");
  const auto nowhere = write_image_file(folder.file("no/image"), text("x"));
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().detail().find("No such file"), std::string_view::npos);
}

TEST(ImageFile, WhatIsNoFileIsRefused) {
  const Folder folder;
  const std::string path = folder.file("image");
  const auto why = [](const std::string& path) {
    const auto opened = ImageFile::open(path);
    return opened ? std::string() : std::string(opened.error().detail());
  };
  const std::string begin = "The image " + path + " can't be read: ";
  EXPECT_EQ(why(path), begin + "No such file or directory.");
  write_file(path, {});
  EXPECT_EQ(why(path), begin + "It is empty.");
  EXPECT_NE(why(folder.file(".")).find("no ordinary file"), std::string::npos);
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  EXPECT_NE(why(folder.file("fifo")).find("no ordinary file"), std::string::npos);
}

}  // namespace
}  // namespace weir::match
