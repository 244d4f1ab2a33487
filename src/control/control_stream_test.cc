// Answers that are made while they are taken.
#include <mutex>
#include <thread>

#include "control/control_fake.h"

namespace weir::control {
namespace {

/// Counts what it is asked for: `size` bytes in all, of which it makes `at_once` in a piece.
struct Made {
  size_t size = 0;
  std::atomic<size_t> made = 0;
  std::atomic<int> alive = 0;
  std::thread::id reader;
  std::string complaint;
};

class Bytes final : public Source {
 public:
  explicit Bytes(Made& made) : made_(made) { ++made_.alive; }
  ~Bytes() override { --made_.alive; }
  Next read(std::string& piece, size_t most) override {
    made_.reader = std::this_thread::get_id();
    const size_t now = std::min(most, made_.size - made_.made);
    piece.append(now, 'x');
    made_.made += now;
    return made_.made == made_.size ? Next::end : Next::more;
  }
  std::string complaint() override { return made_.complaint; }

 private:
  Made& made_;
};

Command bytes(Made& made, Pace pace) {
  return {"bytes", pace, Takes::nothing,
          [&made](Request) { return Answer{"head:", std::make_unique<Bytes>(made)}; }};
}

/// Lines that other threads add, as a log is followed.
struct Lines {
  std::mutex mutex;
  std::string text;
  std::vector<std::shared_ptr<Wake>> wakes;
  std::atomic<int> alive = 0;
  void add(std::string_view line) {
    std::lock_guard lock(mutex);
    text += line;
    for (const auto& each : wakes) each->ring();
  }
};

class Follow final : public Source {
 public:
  explicit Follow(Lines& lines) : lines_(lines) { ++lines_.alive; }
  ~Follow() override { --lines_.alive; }
  Next read(std::string& piece, size_t most) override {
    std::lock_guard lock(lines_.mutex);
    const std::string_view left = std::string_view(lines_.text).substr(at_, most);
    piece += left;
    at_ += left.size();
    return left.ends_with("end\n") ? Next::end : Next::later;
  }

 private:
  Lines& lines_;
  size_t at_ = 0;
};

Command follow(Lines& lines, Pace pace = Pace::quick) {
  return {"follow", pace, Takes::nothing, [&lines](Request request) {
            lines.wakes.push_back(std::move(request.wake));
            return Answer{{}, std::make_unique<Follow>(lines)};
          }};
}

constexpr Pace kPaces[] = {Pace::quick, Pace::slow};

TEST_F(ControlTest, AStreamIsMadeAsItIsTaken) {
  for (const Pace pace : kPaces) {
    Made made{.size = 2'000'000};
    Control control({bytes(made, pace), echo("quick")});
    ASSERT_EQ(control.open(root_ + "/control", true), "");
    const int slow = client("bytes\n");
    // Made is what the client has taken, what the kernel's buffer holds, and one piece.
    std::string text;
    size_t most_ahead = 0;
    for (int i = 0; i < 10; ++i) {
      serve(control, 5);
      EXPECT_EQ(answer(control, client("quick\n")), "ok\nquick");
      take(slow, text, 20'000);
      most_ahead = std::max(most_ahead, made.made - std::min(text.size(), made.made.load()));
    }
    EXPECT_GT(made.made, 0u);
    EXPECT_LT(most_ahead, 1'000'000u);
    EXPECT_EQ(made.reader == std::this_thread::get_id(), pace == Pace::quick);
    text += answer(control, slow);
    EXPECT_TRUE(text.starts_with("ok stream\nhead:xxx"));
    EXPECT_TRUE(text.ends_with(std::string("xxx\0", 4)));
    EXPECT_EQ(text.size(), 15 + made.size + 1);
    EXPECT_EQ(made.alive, 0);
  }
}

TEST_F(ControlTest, AStreamMayEndWithAComplaint) {
  Made made{.size = 3, .complaint = "the rest is lost\n"};
  Control control({bytes(made, Pace::quick)});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  EXPECT_EQ(answer(control, client("bytes\n")),
            std::string("ok stream\nhead:xxx\0the rest is lost\n", 36));
}

TEST_F(ControlTest, WhoVanishesEndsTheStream) {
  for (const Pace pace : kPaces) {
    Made made{.size = 5'000'000};
    Lines lines;
    Control control({bytes(made, pace), follow(lines, pace)});
    ASSERT_EQ(control.open(root_ + "/control", true), "");
    const size_t before = open_descriptors();
    const int reading = client("bytes\n"), waiting = client("follow\n");
    serve_until(control, [&] { return made.alive == 1 && lines.alive == 1; });
    close(reading);
    close(waiting);
    serve_until(control, [&] { return made.alive == 0 && lines.alive == 0; });
    EXPECT_LT(made.made, 1'000'000u);
    EXPECT_EQ(open_descriptors(), before + 1) << "the bell stays";
    lines.add("nobody listens\n");
    serve(control, 20);
  }
}

TEST_F(ControlTest, AStreamGoesOnWhenItHasSomethingAgain) {
  for (const Pace pace : kPaces) {
    Lines lines;
    Control control({follow(lines, pace)});
    ASSERT_EQ(control.open(root_ + "/control", true), "");
    const int following = client("follow\n");
    std::string text;
    serve_until(control, [&] { return !take(following, text) && text == "ok stream\n"; });
    serve(control, 1200);  // Nobody is late.
    EXPECT_FALSE(control.owes_answers()) << "it does not hold up the end";
    std::thread other([&] {
      for (int i = 0; i < 1000; ++i) lines.add("line\n");
      lines.add("end\n");
    });
    text += answer(control, following);
    other.join();
    EXPECT_EQ(text.size(), 10u + 5000 + 4 + 1);
    EXPECT_TRUE(text.ends_with(std::string("line\nend\n\0", 10)));
  }
}

TEST_F(ControlTest, AFewMayFollow) {
  Lines lines;
  Control control({follow(lines), echo("quick")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  std::vector<int> clients;
  for (size_t i = 0; i < kMostLong; ++i) {
    clients.push_back(client("follow\n"));
    serve_until(control, [&] { return lines.alive == static_cast<int>(i) + 1; });
  }
  EXPECT_EQ(answer(control, client("follow\n")),
            "there is no room for another long command: try again later\n");
  EXPECT_EQ(answer(control, client("quick\n")), "ok\nquick");
  lines.add("end\n");
  for (const int each : clients)
    EXPECT_EQ(answer(control, each), std::string("ok stream\nend\n\0", 15));
}

}  // namespace
}  // namespace weir::control
