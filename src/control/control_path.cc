#include "control/control_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::control {
namespace {

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

/// Makes and checks the folder of the socket. Returns empty, or what is wrong with it.
std::string prepare_folder(const std::string& path, bool named) {
  const std::string folder = path.substr(0, path.rfind('/'));
  if (folder.empty()) return {};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return folder + ": " + std::strerror(errno);
  struct stat status{};
  if ((named ? stat : lstat)(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return folder + " is no folder";
  if (named) return {};
  if (status.st_uid != geteuid() && status.st_uid != 0) return folder + " belongs to somebody else";
  // In a sticky folder such as /tmp, nobody can remove another user's files.
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) && !(status.st_mode & S_ISVTX))
    return folder + ": others may write in it";
  return {};
}

/// Makes room for the socket at `path`. Returns empty, or why it can't.
std::string clear(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  // Never remove anything but a socket: a mistyped path may name a user's file.
  if (!S_ISSOCK(status.st_mode)) return path + " is there, and is no socket";
  const int other = connect_to_control(path, SOCK_NONBLOCK);
  if (other >= 0) close(other);
  if (other >= 0 || other == -EAGAIN) return path + ": another Weir listens there";
  if (other == -ECONNREFUSED) unlink(path.c_str());  // Left by a Weir that was killed.
  return {};
}

}  // namespace

bool ControlSocket::is_there() const {
  // While our socket is open, no other file gets its inode number.
  struct stat status{};
  return descriptor >= 0 && lstat(path.c_str(), &status) == 0 && status.st_dev == device &&
         status.st_ino == inode;
}

void ControlSocket::close() {
  if (descriptor < 0) return;
  if (is_there()) unlink(path.c_str());
  ::close(descriptor);
  descriptor = -1;
}

std::expected<ControlSocket, std::string> open_control_socket(const std::string& path, bool named) {
  if (std::string why = prepare_folder(path, named); !why.empty())
    return std::unexpected(std::move(why));
  sockaddr_un address;
  if (!address_of(path, address)) return std::unexpected(path + " is too long for a socket");
  if (std::string why = clear(path); !why.empty()) return std::unexpected(std::move(why));
  ControlSocket opened{.path = path};
  opened.descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (opened.descriptor < 0) return std::unexpected(std::strerror(errno));
  // The umask gives the socket its mode at once, so that at no moment others could connect.
  const mode_t before = umask(0177);
  const int bound =
      bind(opened.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(before);
  struct stat status{};
  if (bound != 0 || lstat(path.c_str(), &status) != 0 || listen(opened.descriptor, 16) != 0) {
    std::string why = path + ": " + std::strerror(bound != 0 ? error : errno);
    if (bound == 0) unlink(path.c_str());
    ::close(opened.descriptor);
    return std::unexpected(std::move(why));
  }
  opened.device = status.st_dev;
  opened.inode = status.st_ino;
  return opened;
}

int connect_to_control(const std::string& path, int flags) {
  sockaddr_un address;
  if (!address_of(path, address)) return -ENAMETOOLONG;
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (descriptor < 0) return -errno;
  constexpr timeval patience{kControlAnswerMs / 1000, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    const int error = errno;
    ::close(descriptor);
    return -error;
  }
  return descriptor;
}

}  // namespace weir::control
