// Requests: bodies, their limits, and what is refused.
#include "control/control_fake.h"

namespace weir::control {
namespace {

Command count() {
  return {"count", Pace::quick, Takes::body, [](Request request) {
            size_t sum = 0;
            for (const char c : request.body) sum += static_cast<unsigned char>(c);
            return Answer{request.line.text + ' ' + std::to_string(request.body.size()) + ' ' +
                          std::to_string(sum)};
          }};
}

TEST_F(ControlTest, ABodyComesInPieces) {
  Control control({count()});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  // With its line, split anywhere, with a newline in it, and with more after its end.
  EXPECT_EQ(answer(control, client("count a +3\n\1\n\1tail")), "ok\ncount a 3 12");
  EXPECT_EQ(answer(control, client("count\n")), "ok\ncount 0 0");
  EXPECT_EQ(answer(control, client("count +0\n")), "ok\ncount 0 0");
  const std::string large(100'000, '\1'), whole = "count +100000\n" + large;
  const int slow = client("");
  for (size_t at = 0; at < whole.size();) {
    const size_t size = at < 20 ? 1 : 9973;
    const std::string piece = whole.substr(at, size);
    ASSERT_EQ(send(slow, piece.data(), piece.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(piece.size()));
    at += piece.size();
    serve(control, 2);
  }
  EXPECT_EQ(answer(control, slow), "ok\ncount 100000 100000");
}

TEST_F(ControlTest, WhatIsTooLargeIsRefusedWithALine) {
  Control control({count(), echo("word")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const struct {
    std::string sent, refusal;
  } cases[] = {
      {"count +1048577\n", "a body has at most 1048576 bytes, this one 1048577\n"},
      {"count +x\n", "not the length of a body: +x\n"},
      {"word +3\nabc", "unknown word: word +3\n"},
      {"word more\n", "unknown word: word more\n"},
      {"word \n", "unknown word: word \n"},
      {"\n", "unknown word: \n"},
      {"count " + std::string(kLongestLine, 'x'), "a command has at most 20479 bytes\n"},
  };
  for (const auto& each : cases)
    EXPECT_EQ(answer(control, client(each.sent)), each.refusal) << each.sent.substr(0, 40);
  const std::string longest = "count " + std::string(kLongestLine - 7, 'x');
  EXPECT_EQ(answer(control, client(longest + '\n')), "ok\n" + longest + " 0 0");
}

TEST_F(ControlTest, BodiesOfAllTogetherHaveALimit) {
  Control control({count(), echo("word")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  std::vector<int> clients;
  for (size_t i = 0; i < kLargestBodies / kLargestBody; ++i)
    clients.push_back(client("count +1048576\n"));
  serve(control, 20);
  EXPECT_EQ(answer(control, client("count +1\n")),
            "other requests have taken the room for bodies: try again later\n");
  EXPECT_EQ(answer(control, client("word\n")), "ok\nword");
  // Room comes back with whoever goes, here because nothing came for a second.
  serve(control, 1100);
  for (const int each : clients) EXPECT_EQ(all_of(each), "");
  EXPECT_EQ(answer(control, client("count +1\n\1")), "ok\ncount 1 1");
}

TEST_F(ControlTest, ABodyMayBeSlowAndNotSilent) {
  Control control({count()});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const int slow = client("count +4\n");
  for (int i = 0; i < 4; ++i) {
    serve(control, 500);
    ASSERT_EQ(send(slow, "\1", 1, MSG_NOSIGNAL), 1);
  }
  EXPECT_EQ(answer(control, slow), "ok\ncount 4 4");
}

TEST_F(ControlTest, SixteenAreServedAndTheOthersWait) {
  Control control({echo("word")});
  ASSERT_EQ(control.open(root_ + "/control", true), "");
  const size_t before = open_descriptors();
  std::vector<int> silent;
  for (size_t i = 0; i < kMostClients; ++i) silent.push_back(client(""));
  const int waiting = client("word\n");
  serve(control, 300);
  EXPECT_EQ(open_descriptors(), before + 2 * kMostClients + 1) << "sixteen have both ends open";
  std::string text;
  EXPECT_FALSE(take(waiting, text));
  EXPECT_EQ(text, "");
  close(silent.front());
  EXPECT_EQ(answer(control, waiting), "ok\nword");
  for (size_t i = 1; i < silent.size(); ++i) close(silent[i]);
}

}  // namespace
}  // namespace weir::control
