#include "proxy/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/folders.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kLock = "/lock";

std::string why(const std::string& path, std::string_view reason) {
  return "state_dir " + path + ": " + std::string(reason);
}

/// Which process uses the folder, as the lock file says.
std::string owner_of(int lock) {
  char text[24] = {};
  const ssize_t size = pread(lock, text, sizeof text - 1, 0);
  std::string_view pid(text, size > 0 ? static_cast<size_t>(size) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return pid.empty() ? std::string("another Weir uses it")
                     : "another Weir uses it, process " + std::string(pid);
}

}  // namespace

StateDir::~StateDir() {
  if (lock_ >= 0) close(lock_);
}

std::string StateDir::make(const std::string& path) {
  const std::string failed = base::make_folders(path);
  return failed.empty() ? failed : why(path, failed);
}

std::string StateDir::open(const std::string& path) {
  if (std::string failed = base::make_folders(path); !failed.empty()) return why(path, failed);
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return why(path, std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return why(path, "it is no folder");
  if (status.st_uid != geteuid() && status.st_uid != 0)
    return why(path, "it belongs to somebody else");
  if (status.st_mode & (S_IWGRP | S_IWOTH)) return why(path, "others may write in it");
  const int lock =
      ::open((path + std::string(kLock)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0)
    return why(path, std::string("nothing can be written in it: ") + std::strerror(errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string failed = errno == EWOULDBLOCK
                                   ? owner_of(lock)
                                   : std::string("it can't be locked: ") + std::strerror(errno);
    close(lock);
    return why(path, failed);
  }
  // The process id is for the message of a Weir that finds the folder locked; only the lock counts.
  const std::string pid = std::to_string(getpid()) + '\n';
  if (ftruncate(lock, 0) != 0 || pwrite(lock, pid.data(), pid.size(), 0) < 0) {
    const std::string failed = std::string("nothing can be written in it: ") + std::strerror(errno);
    close(lock);
    return why(path, failed);
  }
  lock_ = lock;
  return {};
}

}  // namespace weir::proxy
