#include "base/unwaiting.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace weir::base {
namespace {

/// How many bytes a descriptor takes at once when poll() reports it writable: a pipe without other
/// writers takes all of them, a terminal all or nearly all.
constexpr size_t kPipeAtOnce = 4096;
constexpr size_t kTerminalAtOnce = 64;

ssize_t write_if_ready(int descriptor, std::string_view text) {
  pollfd ready{descriptor, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 1) return ::write(descriptor, text.data(), text.size());
  errno = EAGAIN;
  return -1;
}

int open_anew(int descriptor) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

}  // namespace

Unwaiting::Unwaiting(int descriptor) : descriptor_(descriptor) {
  struct stat it{};
  if (fstat(descriptor, &it) != 0) return;
  if (S_ISSOCK(it.st_mode)) {
    kind_ = Kind::socket;
  } else if (S_ISFIFO(it.st_mode)) {
    kind_ = Kind::pipe;
    own_ = open_anew(descriptor);
  } else if (S_ISCHR(it.st_mode) && isatty(descriptor)) {
    kind_ = Kind::terminal;
    // Opening /dev/ptmx again would make another terminal.
    if (it.st_rdev != makedev(5, 2)) own_ = open_anew(descriptor);
  }
}

Unwaiting::~Unwaiting() {
  if (own_ >= 0) close(own_);
}

ssize_t Unwaiting::write(std::string_view text) const {
  if (own_ >= 0) return ::write(own_, text.data(), text.size());
  switch (kind_) {
    case Kind::socket:
      return send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Kind::pipe: {
      const iovec piece{const_cast<char*>(text.data()), text.size()};
      const ssize_t n = pwritev2(descriptor_, &piece, 1, -1, RWF_NOWAIT);
      if (n >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS && errno != ESPIPE))
        return n;
      return write_if_ready(descriptor_, text.substr(0, kPipeAtOnce));
    }
    case Kind::terminal: return write_if_ready(descriptor_, text.substr(0, kTerminalAtOnce));
    case Kind::file: break;
  }
  return ::write(descriptor_, text.data(), text.size());
}

}  // namespace weir::base
