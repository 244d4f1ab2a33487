// The control socket, by which `weir status` and `weir reload` talk to a running Weir.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/control_path.h"

namespace weir::control {

/// A UNIX socket of mode 0600 (control_path.h), served by the main thread. A client sends one short
/// line, gets a text back, and is closed. The destructor removes the path if it still belongs to
/// this socket.
class Control {
 public:
  using Answer = std::function<std::string(const std::string& word)>;

  Control() = default;
  Control(const Control&) = delete;
  ~Control();
  /// Opens the socket, or replaces the one that is open, whose clients stay. Returns empty, or why
  /// it failed and nothing has changed.
  std::string open(const std::string& path, bool named);
  bool is_open() const { return socket_.descriptor >= 0; }
  /// True if the socket is open and its path still leads to it.
  bool is_there() const { return socket_.is_there(); }
  /// The path of the socket; empty: there is none.
  const std::string& path() const { return socket_.path; }
  /// Serves control clients until `other` is readable (true). Returns false when `timeout_ms` is
  /// over (-1: never), or after an answer was made, since that may change what the caller wants to
  /// wait for. Sends each client what `answer` returns for its line, or nothing if that runs out of
  /// memory. A client has a second to send its line and another to take the answer; meanwhile other
  /// clients and `other` are served too.
  bool serve_until_readable(int other, int timeout_ms, const Answer& answer);

 private:
  struct Client {
    int descriptor;
    uint64_t until_ms;
    std::string line;
    /// The part that is not sent yet.
    std::string answer;
  };
  void accept_client();
  /// False if the client is finished or too slow.
  static bool advance(Client& client, const Answer& answer);
  void let_go(size_t index);

  ControlSocket socket_;
  /// A descriptor kept in reserve. It is closed to accept a client when no other descriptor is
  /// left, so that the administrator can reach Weir even then.
  int spare_ = -1;
  std::vector<Client> clients_;
};

}  // namespace weir::control
