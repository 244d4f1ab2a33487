// The control socket: `weir status` and `weir reload` speak to a running Weir.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/command_line.h"

namespace weir::proxy {

/// A UNIX socket of mode 0600 in the main thread. One short line in, a text out, closed. Removes the path when it goes, if it still has
/// this socket.
class Control {
 public:
  using Answer = std::function<std::string(const std::string& word)>;

  Control() = default;
  Control(const Control&) = delete;
  ~Control();
  /// Empty, or why not. A socket that nobody listens at any more is replaced; anything else that is there stays.
  std::string open(const std::string& path);
  /// Sends each client what `answer` makes of its line, until there is something to read from `other` (then true) or `timeout_ms` is over;
  /// -1 is never. A client has a second to send its line and one to take the answer; meanwhile others are served, and `other` is heard.
  bool serve_until_readable(int other, int timeout_ms, const Answer& answer);

 private:
  struct Client {
    int descriptor;
    uint64_t until_ms;
    std::string line;
    /// What is left of it.
    std::string answer;
  };
  void accept_client();
  /// False where it is done with, or too slow.
  static bool advance(Client& client, const Answer& answer);
  void let_go(size_t index);

  int descriptor_ = -1;
  /// Given up for a moment where there is no descriptor left: who runs Weir is heard then, too.
  int spare_ = -1;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::vector<Client> clients_;
};

/// Asks the Weir that listens at the command's path, and returns what is to be printed of its answer: at most 1 MiB, controls escaped. The
/// status is 1 if nobody is there, or if the answer is a complaint.
config::Command ask_running(const config::ControlCommand& command);

}  // namespace weir::proxy
