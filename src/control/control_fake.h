// For tests: a control socket in a folder of its own, and clients of it.
#pragma once
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "control/control.h"

namespace weir::control {

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
  /// A command that answers its own name, after `first` was called.
  template <class First>
  static Command echo(std::string_view name, First first, Pace pace = Pace::quick) {
    return {name, pace, Takes::nothing, [first](Request request) {
              first();
              return Answer{std::move(request.line.text)};
            }};
  }
  static Command echo(std::string_view name) {
    return echo(name, [] {});
  }
  int client(std::string_view text) const {
    const int descriptor = connect_to_control(root_ + "/control", 0);
    EXPECT_GE(descriptor, 0);
    EXPECT_EQ(send(descriptor, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    return descriptor;
  }
  void serve(Control& control, uint64_t for_ms) const {
    const uint64_t until_ms = base::monotonic_ms() + for_ms;
    for (uint64_t now_ms; (now_ms = base::monotonic_ms()) < until_ms;)
      EXPECT_FALSE(control.serve_until_readable(other_, static_cast<int>(until_ms - now_ms)));
  }
  /// Serves until `done` is true, which must happen within a minute.
  template <class Done>
  void serve_until(Control& control, Done done) const {
    const uint64_t until_ms = base::monotonic_ms() + 60'000;
    while (!done() && base::monotonic_ms() < until_ms) control.serve_until_readable(other_, 5);
    EXPECT_TRUE(done());
  }
  /// Appends what is there to `text`. True at the end.
  static bool take(int descriptor, std::string& text, size_t most = 65536) {
    std::string buffer(most, 0);
    const ssize_t n = recv(descriptor, buffer.data(), most, MSG_DONTWAIT);
    if (n > 0) text.append(buffer, 0, static_cast<size_t>(n));
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  /// Serves until the client has its answer whole, and closes it.
  std::string answer(Control& control, int descriptor) const {
    std::string text;
    serve_until(control, [&] { return take(descriptor, text); });
    close(descriptor);
    return text;
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

}  // namespace weir::control
