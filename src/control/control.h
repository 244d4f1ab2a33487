// The control socket, by which `weir status` and `weir reload` talk to a running Weir.
#pragma once
#include <poll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/bell.h"
#include "control/client.h"
#include "control/command.h"
#include "control/control_path.h"
#include "control/runner.h"

namespace weir::control {

/// Clients served at once; others wait to be accepted.
inline constexpr size_t kMostClients = 16;
/// Of these, how many may have a slow command or a streamed answer, so that quick commands find
/// room.
inline constexpr size_t kMostLong = 8;

/// A UNIX socket of mode 0600 (control_path.h), served by the main thread. A client sends one
/// request, gets an answer, and is closed; docs/design/control.md has the protocol and its limits.
/// The destructor removes the path if it still belongs to this socket, and waits for a slow command
/// for at most Runner::kEndMs.
class Control {
 public:
  explicit Control(Commands commands);
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
  /// over (-1: never), or after a quick command has run, since that may change what the caller
  /// wants to wait for. A client gets no answer if making it runs out of memory. A client that is
  /// slow, and a slow command, keep neither other clients nor `other` waiting.
  bool serve_until_readable(int other, int timeout_ms);
  /// True if a client's answer is being made or taken. At the end of the process: serve until this
  /// is false, or until the time for that is over.
  bool owes_answers() const;

 private:
  /// The socket, the bell, what the caller waits for, and the clients.
  using Ready = std::array<pollfd, 3 + kMostClients>;
  /// False: the wait failed.
  bool await(Ready& ready, int other, uint64_t until_ms) const;
  /// True if a quick command has run.
  bool serve_clients(const Ready& ready);
  Surroundings around_of(const Client& client);
  void accept_client();
  void let_go(size_t index);

  const Commands commands_;
  ControlSocket socket_;
  /// A descriptor kept in reserve. It is closed to accept a client when no other descriptor is
  /// left, so that the administrator can reach Weir even then.
  int spare_ = -1;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  Runner runner_{bell_};
  std::vector<Client> clients_;
};

}  // namespace weir::control
