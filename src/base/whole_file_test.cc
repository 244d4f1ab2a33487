#include "base/whole_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace weir::base {
namespace {

struct WholeFile : testing::Test {
  WholeFile() {
    char name[] = "/tmp/weir-whole-XXXXXX";
    folder = mkdtemp(name);
  }
  ~WholeFile() override { std::filesystem::remove_all(folder); }
  std::string folder, why;
};

TEST_F(WholeFile, WhatIsWrittenIsRead) {
  const std::string path = folder + "/state";
  EXPECT_FALSE(read_whole_file(path, 100, why));
  EXPECT_EQ(why, "") << "that there is none is no failure";
  EXPECT_EQ(replace_file(path, "one"), "");
  EXPECT_EQ(replace_file(path, std::string(100, 'x')), "");
  EXPECT_EQ(read_whole_file(path, 100, why), std::string(100, 'x'));
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(WholeFile, WhatCantBeReadIsSaid) {
  EXPECT_FALSE(read_whole_file(folder, 100, why));
  EXPECT_NE(why.find("no ordinary file"), std::string::npos) << why;
  const std::string path = folder + "/large";
  std::ofstream(path) << "12345";
  EXPECT_FALSE(read_whole_file(path, 4, why));
  EXPECT_NE(why.find("more than 4 bytes"), std::string::npos) << why;
  EXPECT_NE(replace_file(folder + "/none/state", "x"), "");
  EXPECT_EQ(replace_file(path, "new"), "");
  EXPECT_EQ(read_whole_file(path, 4, why), "new");
}

}  // namespace
}  // namespace weir::base
