#include "control/control.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string_view>

#include "base/clock.h"

namespace weir::control {
namespace {

class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    char name[] = "/tmp/weir-control-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~ControlTest() override {
    close(other_);
    std::filesystem::remove_all(root_);
  }
  int client(std::string_view line) {
    const int descriptor = connect_to_control(root_ + "/control", 0);
    EXPECT_GE(descriptor, 0);
    EXPECT_EQ(send(descriptor, line.data(), line.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(line.size()));
    return descriptor;
  }
  void serve(Control& control, uint64_t for_ms, const Control::Answer& answer) {
    const uint64_t until_ms = base::monotonic_ms() + for_ms;
    for (uint64_t now_ms; (now_ms = base::monotonic_ms()) < until_ms;) {
      EXPECT_FALSE(
          control.serve_until_readable(other_, static_cast<int>(until_ms - now_ms), answer));
    }
  }
  static std::string all_of(int descriptor) {
    std::string text;
    char buffer[100];
    for (ssize_t n; (n = recv(descriptor, buffer, sizeof buffer, 0)) > 0;)
      text.append(buffer, static_cast<size_t>(n));
    close(descriptor);
    return text;
  }
  static size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  std::string root_;
  const int other_ = eventfd(0, EFD_CLOEXEC);
};

TEST_F(ControlTest, WhoSendsWhileAnotherIsAnsweredIsNotLate) {
  Control control;
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  // Both clients are connected. One has sent its line; the other sends it while the first is being
  // answered, which takes longer than a client may take.
  const int late = client(""), first = client("slow\n");
  const auto answer = [&](const std::string& word) {
    if (word == "slow") {
      send(late, "late\n", 5, MSG_NOSIGNAL);
      usleep(1'500'000);
    }
    return word;
  };
  serve(control, 2500, answer);
  EXPECT_EQ(all_of(first), "slow");
  EXPECT_EQ(all_of(late), "late");
}

TEST_F(ControlTest, WithoutMemoryAClientGoesAndTheOthersStay) {
  Control control;
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const size_t before = open_descriptors();
  const auto answer = [](const std::string& word) -> std::string {
    if (word == "much") throw std::bad_alloc();
    return word;
  };
  for (int i = 0; i < 3; ++i) {
    const int much = client("much\n"), little = client("little\n");
    serve(control, 200, answer);
    EXPECT_EQ(all_of(much), "");
    EXPECT_EQ(all_of(little), "little");
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ControlTest, MovesToAnotherPathOrStays) {
  Control control;
  const std::string path = root_ + "/control", next = root_ + "/next";
  EXPECT_FALSE(control.is_open());
  ASSERT_EQ(control.open(path, true), "");
  std::filesystem::create_directory(next);
  EXPECT_EQ(control.open(next, true), next + " is there, and is no socket");
  EXPECT_EQ(control.path(), path);
  // A client of the old socket is still answered.
  const int asked = client("word\n");
  EXPECT_FALSE(
      control.serve_until_readable(other_, 0, [](const std::string& word) { return word; }));
  std::filesystem::remove(next);
  ASSERT_EQ(control.open(next, true), "");
  EXPECT_FALSE(std::filesystem::exists(path));
  serve(control, 100, [](const std::string& word) { return word; });
  EXPECT_EQ(all_of(asked), "word");
  EXPECT_EQ(control.path(), next);
}

TEST_F(ControlTest, ANamedFolderIsTakenAsItIsTheDefaultIsLookedAt) {
  const struct {
    const char* what;
    mode_t mode;
    bool link, as_default;
  } cases[] = {{"own", 0700, false, true},
               {"open", 0777, false, false},
               {"group", 0770, false, false},
               {"sticky", 01777, false, true},
               {"linked", 0700, true, false}};
  for (const auto& each : cases) {
    std::string folder = root_ + '/' + each.what;
    std::filesystem::create_directory(folder);
    ASSERT_EQ(chmod(folder.c_str(), each.mode), 0);
    if (each.link) {
      std::filesystem::create_directory_symlink(folder, folder + "-link");
      folder += "-link";
    }
    for (const bool named : {true, false}) {
      Control control;
      EXPECT_EQ(control.open(folder + "/control", named).empty(), named || each.as_default)
          << each.what;
    }
  }
}

}  // namespace
}  // namespace weir::control
