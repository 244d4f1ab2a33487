// The path of a control socket, for both of its sides.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>

namespace weir::control {

/// So long a control client waits for what it sends to be taken, and for its answer.
inline constexpr int kControlAnswerMs = 30'000;

/// A socket that listens at a path, and which one it is: another may take its place there.
struct ControlSocket {
  int descriptor = -1;
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  /// The path has it still.
  bool is_there() const;
  /// Closes it, after removing the path if that has it still.
  void close();
};

/// Of mode 0600, non-blocking. The folder of a path that was `named` by whoever runs Weir is taken
/// as it is, links and all; one by default has to be the user's own or root's, no link, and nobody
/// else's to write in. It is made where it is missing. A socket that nobody listens at any more is
/// replaced; anything else that is there stays. The error is for a person.
std::expected<ControlSocket, std::string> open_control_socket(const std::string& path, bool named);

/// A connected socket, or -errno: -EAGAIN where the listener's queue is full, with SOCK_NONBLOCK in
/// `flags` at once.
int connect_to_control(const std::string& path, int flags);

}  // namespace weir::control
