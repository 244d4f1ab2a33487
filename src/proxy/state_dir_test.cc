#include "proxy/state_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace weir::proxy {
namespace {

class StateDirTest : public testing::Test {
 protected:
  StateDirTest() {
    char name[] = "/tmp/weir-state-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~StateDirTest() override { std::filesystem::remove_all(root_); }
  static mode_t mode_of(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }
  std::string root_;
};

TEST_F(StateDirTest, MakesWhatIsMissingForItsOwnerAlone) {
  for (const std::string& path : {root_ + "/a/b/weir", root_ + "/slash/"}) {
    StateDir state;
    ASSERT_EQ(state.open(path), "");
    EXPECT_TRUE(state.is_open());
    EXPECT_EQ(mode_of(path), 0700u);
    EXPECT_EQ(mode_of(path + "/lock"), 0600u);
  }
  EXPECT_EQ(mode_of(root_ + "/a"), 0700u);
}

TEST_F(StateDirTest, IsOneProcessesAtATime) {
  const std::string path = root_ + "/weir";
  {
    StateDir first, second;
    ASSERT_EQ(first.open(path), "");
    EXPECT_EQ(second.open(path),
              "state_dir " + path + ": another Weir uses it, process " + std::to_string(getpid()));
    EXPECT_FALSE(second.is_open());
  }
  StateDir third;
  EXPECT_EQ(third.open(path), "") << "what is left behind locks nobody out";
}

TEST_F(StateDirTest, SaysWhyNot) {
  std::ofstream(root_ + "/file") << "text";
  std::filesystem::create_directory(root_ + "/open");
  chmod((root_ + "/open").c_str(), 0777);
  std::filesystem::create_directory(root_ + "/linked");
  std::filesystem::create_symlink("/nowhere", root_ + "/linked/lock");
  const std::pair<std::string, std::string> cases[] = {
      {"/file", "it is no folder"},
      {"/file/weir", "can't be made: Not a directory"},
      {"/open", "others may write in it"},
      {"/linked", "nothing can be written in it: "},
  };
  for (const auto& [path, expected] : cases) {
    StateDir state;
    const std::string why = state.open(root_ + path);
    EXPECT_TRUE(why.starts_with("state_dir " + root_ + path + ": ")) << why;
    EXPECT_NE(why.find(expected), std::string::npos) << why;
  }
}

}  // namespace
}  // namespace weir::proxy
