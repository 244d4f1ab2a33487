#include "cli/passwd_terminal.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "stages/auth/password.h"

namespace weir::cli {
namespace {

struct Line {
  std::optional<std::string> text = {};
  /// A signal came before the line's end.
  bool signalled = false;
};

/// Reads a line, but stops when the signalfd `signals` (-1: none) has a signal.
Line read_line_unless(int signals) {
  std::string line;
  for (char c; line.size() <= 2 * auth::kLongestPassword;) {
    pollfd ready[2] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno == EINTR) continue;
    if (ready[1].revents != 0) return {.signalled = true};
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 && line.empty()) return {};
    if (n <= 0 || c == '\n') break;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return {.text = std::move(line)};
}

/// During its lifetime, the terminal shows nothing and signals are held back. The destructor
/// restores the terminal, then lets the signals through.
class Silence {
 public:
  Silence() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held, signal);
    sigprocmask(SIG_BLOCK, &held, &mask_);
    signals_ = signalfd(-1, &held, SFD_CLOEXEC);
    tcgetattr(STDIN_FILENO, &shown_);
    termios silent = shown_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  Silence(const Silence&) = delete;
  ~Silence() {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_);
    if (signals_ >= 0) close(signals_);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  /// Readable when a signal waits.
  int signals() const { return signals_; }

 private:
  sigset_t mask_;
  int signals_;
  termios shown_{};
};

}  // namespace

std::optional<std::string> read_line() {
  return read_line_unless(-1).text;
}

std::optional<std::string> ask(const std::string& question) {
  for (;;) {
    std::fputs(question.c_str(), stderr);
    Line line;
    {
      const Silence silence;
      line = read_line_unless(silence.signals());
      std::fputc('\n', stderr);
    }
    if (!line.signalled) return std::move(line.text);
  }
}

}  // namespace weir::cli
