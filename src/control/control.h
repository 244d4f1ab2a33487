// The control socket: `weir status` and `weir reload` speak to a running Weir.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/control_path.h"

namespace weir::control {

/// A UNIX socket of mode 0600 (control_path.h) in the main thread. One short line in, a text out,
/// closed. Removes the path when it goes, if it still has this socket.
class Control {
 public:
  using Answer = std::function<std::string(const std::string& word)>;

  Control() = default;
  Control(const Control&) = delete;
  ~Control();
  /// Opens the socket, or another one in place of the one that there is, whose clients stay. Empty,
  /// or why all is as it was.
  std::string open(const std::string& path, bool named);
  bool is_open() const { return socket_.descriptor >= 0; }
  /// It is open, and who asks by its path comes here.
  bool is_there() const { return socket_.is_there(); }
  /// Where it is; empty: nowhere.
  const std::string& path() const { return socket_.path; }
  /// Sends each client what `answer` makes of its line, or nothing where that finds no memory.
  /// Until there is something to read from `other` (true); false where `timeout_ms` is over (-1 is
  /// never), or somebody was given an answer, by which the caller may want something else. A client
  /// has a second to send its line and one to take the answer; meanwhile others are served, and
  /// `other` is heard.
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

  ControlSocket socket_;
  /// Given up for a moment where there is no descriptor left: who runs Weir is heard then, too.
  int spare_ = -1;
  std::vector<Client> clients_;
};

}  // namespace weir::control
