// The control socket: `weir status` and `weir reload` speak to a running Weir.
#pragma once
#include <functional>
#include <string>

namespace weir::proxy {

/// A UNIX socket of mode 0600 in the main thread. One short line in, a text out, closed. Removes the path when it goes.
class Control {
 public:
  Control() = default;
  Control(const Control&) = delete;
  ~Control();
  /// Empty, or why not. A socket that nobody listens at any more is replaced.
  std::string open(const std::string& path);
  /// For poll; -1 if not open.
  int descriptor() const { return descriptor_; }
  /// Takes one client, waits at most a second for its line, and sends what `answer` makes of it.
  void serve(const std::function<std::string(const std::string& word)>& answer);

 private:
  int descriptor_ = -1;
  /// Given up for a moment where there is no descriptor left: who runs Weir is heard then, too.
  int spare_ = -1;
  std::string path_;
};

/// Sends `word` to the Weir that listens at `path` and prints what it says; the exit status: 1 if nobody is there, or if the answer
/// is a complaint.
int ask_running(const std::string& path, const std::string& word);

}  // namespace weir::proxy
