#include "explain/list_line.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace weir::explain {
namespace {

TEST(ListLine, IsTheLineAsItIsWritten) {
  const std::string path = testing::TempDir() + "list_line.txt";
  std::ofstream(path, std::ios::binary) << "# ads\n"
                                        << "0.0.0.0 ads.test\r\n\n"
                                        << std::string(5000, 'x') << "\n||last.test^";
  EXPECT_EQ(line_at(path + ":1"), "# ads");
  EXPECT_EQ(line_at(path + ":2"), "0.0.0.0 ads.test");
  EXPECT_EQ(line_at(path + ":3"), "");
  EXPECT_EQ(line_at(path + ":4"), "") << "no entry is that long";
  EXPECT_EQ(line_at(path + ":5"), "||last.test^");
  for (const char* end : {":6", ":0", ":", ":-1", ":99999999999999999999", ""})
    EXPECT_EQ(line_at(path + end), "") << end;
}

TEST(ListLine, IsFoundBehindManyBytes) {
  const std::string path = testing::TempDir() + "list_line_long.txt";
  {
    std::ofstream file(path, std::ios::binary);
    for (int i = 1; i <= 50'000; ++i) file << "name" << i << ".test\n";
  }
  for (const int number : {1, 4'000, 4'681, 5'462, 49'999, 50'000})
    EXPECT_EQ(line_at(path + ':' + std::to_string(number)),
              "name" + std::to_string(number) + ".test");
}

TEST(ListLine, NothingIsReadThatIsNoOrdinaryFile) {
  const std::string path = testing::TempDir() + "list_line.fifo";
  (void)mkfifo(path.c_str(), 0600);
  EXPECT_EQ(line_at(path + ":1"), "");
  EXPECT_EQ(line_at(testing::TempDir() + ":1"), "");
  EXPECT_EQ(line_at("lists.ads.rules"), "");
}

}  // namespace
}  // namespace weir::explain
