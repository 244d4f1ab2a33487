// The path of a control socket, for server and client.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>

namespace weir::control {

/// How long a control client waits for its line to be sent, and for the answer to end.
inline constexpr int kControlAnswerMs = 30'000;

/// A socket that listens at a path. Device and inode identify it, since another socket may take its
/// place at the path.
struct ControlSocket {
  int descriptor = -1;
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  /// True if the path still leads to this socket.
  bool is_there() const;
  /// Removes the path if it still leads to this socket, then closes it.
  void close();
};

/// Opens a non-blocking socket of mode 0600. If the path was `named` by the administrator, its
/// folder is accepted as it is, links included. The folder of a default path must be no link,
/// belong to the user or root, and not be writable for others (unless it is sticky, like /tmp). A
/// missing folder is made. A socket that nobody listens on any more is replaced; any other existing
/// file is left alone. The error is a text for a person.
std::expected<ControlSocket, std::string> open_control_socket(const std::string& path, bool named);

/// Returns a connected socket, or -errno. -EAGAIN: the listener's queue is full; with SOCK_NONBLOCK
/// in `flags` this is reported at once.
int connect_to_control(const std::string& path, int flags);

}  // namespace weir::control
