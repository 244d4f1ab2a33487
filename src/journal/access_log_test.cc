#include "journal/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir::journal {
namespace {

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    char name[] = "/tmp/weir-log-XXXXXX";
    directory = mkdtemp(name);
  }
  ~AccessLogTest() override { std::filesystem::remove_all(directory); }
  std::shared_ptr<LogTarget> file(const std::string& path) {
    auto target = open_log_target({"combined", path, ""});
    EXPECT_TRUE(target) << target.error();
    return target ? *target : nullptr;
  }
  static std::string contents(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::string directory;
};

TEST_F(AccessLogTest, BatchesGoToTheirTargetsInOrder) {
  const auto a = file(directory + "/a"), b = file(directory + "/b");
  {
    AccessLog log(1000);
    log.submit("1\n", 1, a);
    log.submit("2\n", 1, b);
    log.submit("3\n", 1, a);
    log.submit("4\n5\n", 2, a);
  }
  EXPECT_EQ(contents(directory + "/a"), "1\n3\n4\n5\n");
  EXPECT_EQ(contents(directory + "/b"), "2\n");
  struct stat of{};
  ASSERT_EQ(stat((directory + "/a").c_str(), &of), 0);
  EXPECT_EQ(of.st_mode & 0137, 0u);
}

TEST_F(AccessLogTest, AFileIsAppendedToAndOpenedAgain) {
  const std::string path = directory + "/log";
  std::ofstream(path) << "before\n";
  const auto target = file(path);
  {
    AccessLog log(1000);
    log.submit("1\n", 1, target);
    while (contents(path) != "before\n1\n") usleep(1000);
    std::filesystem::rename(path, path + ".1");
    log.submit("2\n", 1, target);
    while (contents(path + ".1") != "before\n1\n2\n") usleep(1000);
    log.reopen(target);
    while (!std::filesystem::exists(path)) usleep(1000);
    log.submit("3\n", 1, target);
    // A target that can't be opened again stays open.
    while (contents(path) != "3\n") usleep(1000);
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    log.reopen(target);
    log.submit("4\n", 1, target);
  }
}

TEST_F(AccessLogTest, WhatCannotBeOpened) {
  for (const std::string& path : {directory, directory + "/none/log"}) {
    const auto target = open_log_target({"combined", path, ""});
    ASSERT_FALSE(target);
    EXPECT_NE(target.error().find("the access log " + path + " can't be opened: "),
              std::string::npos)
        << target.error();
  }
}

TEST_F(AccessLogTest, BeyondTheBacklogLinesAreDropped) {
  const auto target = file(directory + "/log");
  AccessLog log(10);
  log.submit("12345678901234\n", 1, target);
  EXPECT_EQ(log.dropped(), 1u);
}

TEST_F(AccessLogTest, AFullDiskCutsOneLineAndCountsIt) {
  const std::string path = directory + "/log";
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  // The disk is full after 0 to 9 bytes.
  for (rlim_t room = 0; room <= 9; ++room) {
    std::filesystem::remove(path);
    const auto target = file(path);
    const rlimit full{room, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    EXPECT_EQ(target->write("12\n45\n78\n"), 3 - room / 3) << room;
    EXPECT_EQ(target->write("none\n"), 1u);
    EXPECT_EQ(target->error(), EFBIG);
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(target->write("x\n"), 0u);
    EXPECT_EQ(target->write("y\n"), 0u);
    const std::string cut = std::string("12\n45\n78\n").substr(0, room);
    EXPECT_EQ(contents(path), cut + (room % 3 == 0 ? "" : "\n") + "x\ny\n") << room;
  }
}

/// All bytes in a FIFO, up to its end.
std::string drain(int reader) {
  std::string all;
  char bytes[4096];
  for (ssize_t n; (n = read(reader, bytes, sizeof bytes)) > 0;)
    all.append(bytes, static_cast<size_t>(n));
  return all;
}

/// Counts whole lines. A cut line does not count, although the next writer ends it with a line
/// feed.
uint64_t whole_lines(const std::string& text, size_t length) {
  uint64_t whole = 0;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    whole += end - begin == length;
  return whole;
}

TEST_F(AccessLogTest, WhatAStuckTargetLeavesIsCountedAndTold) {
  const std::string path = directory + "/fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  testing::internal::CaptureStderr();
  {
    AccessLog log(10'000'000);
    const auto target = file(path);
    // Fills the pipe, and leaves lines waiting in more than one batch.
    for (int line = 0; line < 100; ++line) log.submit(std::string(9999, 'x') + "\n", 1, target);
  }
  std::string told = testing::internal::GetCapturedStderr();
  const uint64_t written = whole_lines(drain(reader), 9999);
  close(reader);
  EXPECT_GT(written, 0u);
  uint64_t sum = 0;
  const std::string words = "can't be written: ";
  for (size_t at; (at = told.find(words)) != std::string::npos;) {
    sum += std::stoull(told.substr(at + words.size()));
    told.erase(0, at + words.size());
  }
  // The count is never too low. If the writer did not finish within its second, a half-written
  // batch counts as a whole.
  EXPECT_GE(sum, 100 - written);
  EXPECT_LE(sum, 100u);
}

// The pipe's last page has room although the pipe takes no more: the line that was cut there is
// ended later, and counts as lost.
TEST_F(AccessLogTest, ALineCutInAPipeIsCountedOnce) {
  const std::string path = directory + "/fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const auto target = file(path);
  target->hurry_for_good();
  const std::string line = std::string(9999, 'x') + '\n';
  uint64_t lost = 0, all = 0;
  for (const uint64_t lines : {3, 2, 1, 94, 20, 1}) {
    std::string batch;
    for (uint64_t i = 0; i < lines; ++i) batch += line;
    lost += target->write(batch);
    all += lines;
  }
  const std::string taken = drain(reader);
  EXPECT_EQ(lost, all - whole_lines(taken, 9999));
  EXPECT_EQ(target->write(line), 0u);
  EXPECT_EQ(whole_lines(drain(reader), 9999), 1u);
  close(reader);
}

TEST_F(AccessLogTest, ATargetThatIsSlowAfterAReloadLosesNothing) {
  const std::string path = directory + "/fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  AccessLog log(10'000'000);
  const auto old = file(directory + "/old"), target = file(path);
  // Another worker submits its last lines for the old target after the first for the new one.
  log.submit("first\n", 1, target);
  log.submit("last\n", 1, old);
  log.submit("second\n", 1, target);
  while (contents(directory + "/old") != "last\n") usleep(1000);
  const std::string line(9999, 'x');
  for (int i = 0; i < 100; ++i) log.submit(line + "\n", 1, target);
  usleep(1'200'000);  // The reader is slower than a target that is left may be.
  EXPECT_EQ(log.dropped(), 0u);
  char bytes[65536];
  size_t written = 0;
  while (written < 102 && log.dropped() == 0) {
    const ssize_t n = read(reader, bytes, sizeof bytes);
    if (n > 0) written += static_cast<size_t>(std::count(bytes, bytes + n, '\n'));
  }
  close(reader);
  EXPECT_EQ(written, 102u);
}

struct Listener {
  explicit Listener(const std::string& path)
      : descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    timeval limit{10, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Listener() { close(descriptor); }
  std::string next() const {
    char bytes[1000];
    const ssize_t n = recv(descriptor, bytes, sizeof bytes, 0);
    return n < 0 ? "nothing" : std::string(bytes, static_cast<size_t>(n));
  }
  const int descriptor;
};

TEST_F(AccessLogTest, SyslogGetsADatagramALine) {
  const std::string path = directory + "/dev-log";
  const auto target = open_log_target({"combined", "syslog", path});
  ASSERT_TRUE(target);
  EXPECT_EQ((*target)->write("1\n2\n"), 2u);  // Nothing listens there yet.
  EXPECT_EQ((*target)->error(), ENOENT);
  {
    const Listener syslog(path);
    EXPECT_EQ((*target)->write("one\ntwo \"x\"\n"), 0u);
    const std::string first = syslog.next(), second = syslog.next();
    EXPECT_TRUE(first.starts_with("<134>")) << first;
    EXPECT_TRUE(first.ends_with(" weir[" + std::to_string(getpid()) + "]: one")) << first;
    EXPECT_TRUE(second.ends_with("]: two \"x\"")) << second;
    EXPECT_EQ(first.substr(8, 1), " ");
  }
  EXPECT_EQ((*target)->write("lost\n"), 1u);
  EXPECT_EQ((*target)->error(), ECONNREFUSED);
  unlink(path.c_str());
  const Listener again(path);
  EXPECT_EQ((*target)->write("three\n" + std::string(4'000'000, 'x') + "\nfour\n"), 1u);
  EXPECT_EQ((*target)->error(), EMSGSIZE);
  EXPECT_TRUE(again.next().ends_with(": three"));
  EXPECT_TRUE(again.next().ends_with(": four"));
}

}  // namespace
}  // namespace weir::journal
