#include "base/watched_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir::base {
namespace {

/// A path for a file, which is removed afterwards.
struct Place {
  Place() {
    char name[] = "/tmp/weir-watched-XXXXXX";
    close(mkstemp(name));
    path = name;
  }
  ~Place() { std::filesystem::remove_all(path); }
  void write(const std::string& text) const { std::ofstream(path) << text; }
  std::string path;
};

/// The result of a check: the text, `!` and the reason why there is none, or `-` if nothing is new.
std::string seen(WatchedFile& file) {
  const auto found = file.look();
  if (!found) return "-";
  return *found ? (*found)->text + ((*found)->cut ? "..." : "") : "!" + found->error();
}

TEST(WatchedFile, IsReadWhenItHasChanged) {
  const Place place;
  place.write("one\n");
  WatchedFile file(place.path, 100);
  EXPECT_EQ(seen(file), "one\n");
  EXPECT_EQ(seen(file), "-");
  place.write("three\n");
  EXPECT_EQ(seen(file), "three\n");
  EXPECT_EQ(seen(file), "-");
  // Replaces it by another file of the same size.
  const Place other;
  other.write("seven\n");
  std::filesystem::rename(other.path, place.path);
  EXPECT_EQ(seen(file), "seven\n");
  // A change of mode or owner must be noticed too, although it changes neither size nor time of
  // writing.
  usleep(20'000);  // The clock of files is coarse.
  chmod(place.path.c_str(), 0640);
  EXPECT_EQ(seen(file), "seven\n");
  EXPECT_EQ(seen(file), "-");
  EXPECT_EQ(file.read()->text, "seven\n") << "changed or not";
}

TEST(WatchedFile, OfALargerOneWholeLines) {
  const Place place;
  place.write("one\ntwo\nthree\n");
  WatchedFile file(place.path, 10);
  EXPECT_EQ(seen(file), "one\ntwo\n...");
  WatchedFile whole(place.path, 14);
  EXPECT_EQ(seen(whole), "one\ntwo\nthree\n");
}

TEST(WatchedFile, IsReadAgainAsLongAsItCantBe) {
  const Place place;
  place.write("one\n");
  WatchedFile file(place.path, 100);
  EXPECT_EQ(seen(file), "one\n");
  std::filesystem::remove(place.path);
  EXPECT_EQ(seen(file), "!" + place.path + ": it can't be read: No such file or directory");
  EXPECT_EQ(seen(file), "-") << "told once";
  EXPECT_FALSE(file.read());
  EXPECT_EQ(seen(file), "-");
  ASSERT_EQ(mkfifo(place.path.c_str(), 0600), 0);
  EXPECT_EQ(seen(file), "!" + place.path + ": it is no ordinary file")
      << "and it did not wait for a writer";
  EXPECT_EQ(seen(file), "-");
  std::filesystem::remove(place.path);
  std::filesystem::create_directory(place.path);
  EXPECT_EQ(seen(file), "-") << "the same words";
  std::filesystem::remove(place.path);
  place.write("two\n");
  EXPECT_EQ(seen(file), "two\n");
  EXPECT_EQ(seen(file), "-");
}

TEST(WatchedFile, OneThatMayNotBeReadIsReadWhenItMay) {
  const Place place;
  place.write("one\n");
  WatchedFile file(place.path, 100);
  // Root could read every file.
  struct Nobody {
    const bool was_root = geteuid() == 0 && seteuid(65534) == 0;
    ~Nobody() {
      if (was_root) (void)!seteuid(0);
    }
  };
  if (geteuid() == 0) ASSERT_EQ(chown(place.path.c_str(), 65534, 65534), 0);
  const Nobody nobody;
  chmod(place.path.c_str(), 0);
  EXPECT_EQ(seen(file), "!" + place.path + ": it can't be read: Permission denied");
  EXPECT_EQ(seen(file), "-");
  chmod(place.path.c_str(), 0600);
  EXPECT_EQ(seen(file), "one\n");
}

TEST(WatchedFile, OnceASecond) {
  const Place place;
  WatchedFile file(place.path, 100);
  EXPECT_EQ(file.changed(5000), "") << "the first time";
  place.write("one\n");
  EXPECT_EQ(file.changed(5999), std::nullopt);
  EXPECT_EQ(file.changed(6000), "one\n");
  std::filesystem::remove(place.path);
  EXPECT_EQ(file.changed(7000), "") << "none is as good as an empty one";
  EXPECT_EQ(file.changed(8000), std::nullopt);
  std::filesystem::create_directory(place.path);
  EXPECT_EQ(file.changed(9000), std::nullopt) << "there is still nothing to read";
}

}  // namespace
}  // namespace weir::base
