#include "control/control.h"

#include <sys/stat.h>

#include <new>

#include "control/control_fake.h"

namespace weir::control {
namespace {

TEST_F(ControlTest, WhoSendsWhileAnotherIsAnsweredIsNotLate) {
  int late = -1;
  const auto wait = [&] {
    send(late, "late\n", 5, MSG_NOSIGNAL);
    usleep(1'500'000);
  };
  Control control({echo("wait", wait), echo("late")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  // Both clients are connected. One has sent its line; the other sends it while the first is being
  // answered, which takes longer than a client may take.
  late = client("");
  const int first = client("wait\n");
  serve(control, 2500);
  EXPECT_EQ(all_of(first), "ok\nwait");
  EXPECT_EQ(all_of(late), "ok\nlate");
}

TEST_F(ControlTest, WithoutMemoryAClientGoesAndTheOthersStay) {
  Control control({echo("much", [] { throw std::bad_alloc(); }), echo("little")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const size_t before = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    const int much = client("much\n"), little = client("little\n");
    serve(control, 200);
    EXPECT_EQ(all_of(much), "");
    EXPECT_EQ(all_of(little), "ok\nlittle");
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ControlTest, MovesToAnotherPathOrStays) {
  Control control({echo("word")});
  const std::string path = root_ + "/control", next = root_ + "/next";
  EXPECT_FALSE(control.is_open());
  ASSERT_EQ(control.open(path, true), "");
  std::filesystem::create_directory(next);
  EXPECT_EQ(control.open(next, true), next + " is there, and is no socket");
  EXPECT_EQ(control.path(), path);
  // A client of the old socket is still answered.
  const int asked = client("word\n");
  EXPECT_FALSE(control.serve_until_readable(other_, 0));
  std::filesystem::remove(next);
  ASSERT_EQ(control.open(next, true), "");
  EXPECT_FALSE(std::filesystem::exists(path));
  serve(control, 100);
  EXPECT_EQ(all_of(asked), "ok\nword");
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
      Control control({});
      EXPECT_EQ(control.open(folder + "/control", named).empty(), named || each.as_default)
          << each.what;
    }
  }
}

}  // namespace
}  // namespace weir::control
