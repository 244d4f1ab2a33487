#include "match/list_file.h"

#include <gtest/gtest.h>

#include "match/folder_fake.h"
#include "match/list_fake.h"

namespace weir::match {
namespace {

TEST(ListFile, IsOpenedAndAsked) {
  const Folder folder;
  const std::string path = folder.file("list");
  write_file(path, MadeList({"a.test"}).bytes());
  const auto file = ListFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->checksum_holds());
  EXPECT_TRUE((*file)->image().domains().find("www.a.test", HostForm::name));
}

TEST(ListFile, ErrorsNameTheFile) {
  const Folder folder;
  const std::string path = folder.file("list");
  write_file(path, std::vector<std::byte>(5000));
  const auto file = ListFile::open(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().detail(),
            "The image " + path + " can't be read: It is no list image of this machine.");
  EXPECT_FALSE(ListFile::open(folder.file("none")));
}

}  // namespace
}  // namespace weir::match
