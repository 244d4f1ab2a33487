#include "cli/control_ask.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <thread>

#include "control/control_fake.h"

namespace weir::cli {
namespace {

using control::Answer, control::Pace, control::Request, control::Source, control::Takes;

/// Says a line, and another each time that it is told to. There is no memory for the fourth.
class Told final : public Source {
 public:
  explicit Told(std::atomic<int>& told) : told_(told) {}
  Next read(std::string& piece, size_t) override {
    if (said_ > told_) return Next::more;
    if (said_ == 3) throw std::bad_alloc();
    piece += "line " + std::to_string(++said_) + '\n';
    return Next::more;
  }

 private:
  std::atomic<int>& told_;
  int said_ = 0;
};

class Numbers final : public Source {
 public:
  explicit Numbers(std::string complaint) : complaint_(std::move(complaint)) {}
  Next read(std::string& piece, size_t most) override {
    while (next_ < kEnd && piece.size() < most) piece += std::to_string(next_++) + '\n';
    return next_ < kEnd ? Next::more : Next::end;
  }
  std::string complaint() override { return complaint_; }
  static constexpr int kEnd = 300'000;

 private:
  const std::string complaint_;
  int next_ = 0;
};

/// A socket that is served by a thread.
class AskTest : public control::ControlTest {
 protected:
  AskTest() {
    EXPECT_EQ(control_.open(root_ + "/control", true), "");
    thread_ = std::thread([this] {
      while (!control_.serve_until_readable(other_, -1)) {
      }
    });
  }
  ~AskTest() override {
    eventfd_write(other_, 1);
    thread_.join();
  }
  Command ask(std::string words, std::optional<std::string> body = {}) {
    printed_.clear();
    return ask_running({root_ + "/control", std::move(words), std::move(body)},
                       [this](std::string_view text) {
                         printed_ += text;
                         return printed_.size() <= most_;
                       });
  }
  control::Commands commands() {
    return {
        {"length", Pace::slow, Takes::body,
         [](Request request) { return Answer{std::to_string(request.body.size()) + '\n'}; }},
        {"told", Pace::quick, Takes::nothing,
         [this](Request) { return Answer{{}, std::make_unique<Told>(told_)}; }},
        {"numbers", Pace::quick, Takes::words,
         [](Request request) {
           const bool fails = request.line.words.size() > 1;
           return Answer{"numbers\n", std::make_unique<Numbers>(fails ? "no more\n" : "")};
         }},
    };
  }

  std::atomic<int> told_ = 0;
  std::string printed_;
  size_t most_ = SIZE_MAX;
  control::Control control_{commands()};
  std::thread thread_;
};

TEST_F(AskTest, ABodyIsSent) {
  for (const size_t size : {size_t{0}, size_t{1}, control::kLargestBody}) {
    EXPECT_EQ(ask("length", std::string(size, 'x')).status, 0);
    EXPECT_EQ(printed_, std::to_string(size) + '\n');
  }
  // Refused before all of it is sent.
  const Command refused = ask("length", std::string(8 << 20, 'x'));
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.complaint, "a body has at most 1048576 bytes, this one 8388608\n");
  EXPECT_EQ(printed_, "");
}

TEST_F(AskTest, AStreamIsPrintedWhole) {
  const Command told = ask("numbers");
  EXPECT_EQ(told.status, 0);
  EXPECT_EQ(told.complaint, "");
  EXPECT_TRUE(printed_.starts_with("numbers\n0\n1\n"));
  EXPECT_TRUE(printed_.ends_with("299999\n"));
  EXPECT_EQ(std::ranges::count(printed_, '\n'), Numbers::kEnd + 1);
  const Command failed = ask("numbers more");
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.complaint, "no more\n");
  EXPECT_TRUE(printed_.ends_with("299999\n"));
}

TEST_F(AskTest, AStreamIsPrintedAsItComesAndMayBreakOff) {
  const Command told = ask_running({root_ + "/control", "told"}, [this](std::string_view text) {
    printed_ += text;
    ++told_;
    return true;
  });
  EXPECT_EQ(printed_, "line 1\nline 2\nline 3\n");
  EXPECT_EQ(told_, 3) << "each line was printed before the next was said";
  EXPECT_EQ(told.status, 1);
  EXPECT_EQ(told.complaint, "weir: the answer from " + root_ + "/control breaks off\n");
}

TEST_F(AskTest, WhereNothingMoreCanBePrintedItEnds) {
  most_ = 1000;
  const Command told = ask("numbers");
  EXPECT_EQ(told.status, 1);
  EXPECT_EQ(told.complaint, "");
  EXPECT_LT(printed_.size(), 100'000u);
}

}  // namespace
}  // namespace weir::cli
