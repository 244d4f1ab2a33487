#include "cli/passwd_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <string_view>

#include "base/clock.h"
#include "stages/auth/password_file.h"

namespace weir::cli {
namespace {

constexpr uint64_t kPatienceMs = 10'000;
constexpr useconds_t kAgainUs = 50'000;

/// Holds back signals that end or stop the process, until the file is whole and the temporary file
/// is gone.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held, signal);
    sigprocmask(SIG_BLOCK, &held, &before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  ~SignalsHeld() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

struct Descriptor {
  const int number;
  explicit Descriptor(int number) : number(number) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

struct Old {
  bool existed = false;
  struct stat status = {};
  std::string text = {};
};

std::string unreadable(int error) {
  return std::string("it can't be read: ") + std::strerror(error) + "; nothing was changed";
}
std::string unwritable(int error) {
  return std::string("it can't be written: ") + std::strerror(error);
}

/// Follows links to the real file.
std::expected<std::string, std::string> resolve(const std::string& name) {
  if (char* real = realpath(name.c_str(), nullptr)) {
    std::string path = real;
    std::free(real);
    return path;
  }
  if (errno != ENOENT) return std::unexpected(unreadable(errno));
  struct stat status{};
  if (lstat(name.c_str(), &status) == 0)
    return std::unexpected("it is a link that leads nowhere; nothing was changed");
  return name;
}

std::string why_not_old(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "it is there, and is no ordinary file; nothing was changed";
  if (status.st_size > static_cast<off_t>(auth::kLargestFile))
    return "it is too large; nothing was changed";
  return {};
}

std::expected<Old, std::string> read_old(const std::string& path) {
  Old old;
  if (lstat(path.c_str(), &old.status) != 0) {
    if (errno == ENOENT) return old;
    return std::unexpected(unreadable(errno));
  }
  // Check before opening, since merely opening some devices has an effect; and again after, since
  // another file may have taken its place.
  if (std::string why = why_not_old(old.status); !why.empty())
    return std::unexpected(std::move(why));
  const Descriptor file(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (file.number < 0 || fstat(file.number, &old.status) != 0)
    return std::unexpected(unreadable(errno));
  if (std::string why = why_not_old(old.status); !why.empty())
    return std::unexpected(std::move(why));
  old.existed = true;
  char block[16384];
  while (old.text.size() <= auth::kLargestFile) {
    const ssize_t n = read(file.number, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(unreadable(errno));
    if (n == 0) return old;
    old.text.append(block, static_cast<size_t>(n));
  }
  return std::unexpected("it is too large; nothing was changed");
}

std::string with_line(std::string_view text, const std::string& user, const std::string& line) {
  std::string out;
  bool replaced = false;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view old = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const bool theirs = old.starts_with(user + ":");
    if (!theirs) out.append(old) += '\n';
    if (theirs && !replaced) out.append(line) += '\n';
    replaced |= theirs;
  }
  if (!replaced) out.append(line) += '\n';
  return out;
}

/// 0, or errno's value.
int write_whole(int file, const Old& old, std::string_view text) {
  // Set the owner first, so that no other group can read the file even for a moment. A user who may
  // not give files away leaves the old file as it is.
  const bool others =
      old.existed && (old.status.st_uid != geteuid() || old.status.st_gid != getegid());
  if (others && fchown(file, old.status.st_uid, old.status.st_gid) != 0) return errno;
  if (fchmod(file, old.existed ? old.status.st_mode & 07777 : 0600) != 0) return errno;
  while (!text.empty()) {
    const ssize_t n = write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return fsync(file) == 0 ? 0 : errno;
}

/// Writes a temporary file and renames it over the old one.
std::string replace(const std::string& path, const Old& old, std::string_view text) {
  std::string other = path + ".XXXXXX";
  const int file = mkostemp(other.data(), O_CLOEXEC);
  if (file < 0) return unwritable(errno);
  int error = write_whole(file, old, text);
  if (close(file) != 0 && error == 0) error = errno;
  if (error == 0 && rename(other.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  unlink(other.c_str());
  return unwritable(error);
}

/// Call it with the folder locked.
std::string change(const std::string& path, const std::string& user, const std::string& line) {
  const auto old = read_old(path);
  return old ? replace(path, *old, with_line(old->text, user, line)) : old.error();
}

}  // namespace

std::string why_no_logins(const std::string& name) {
  const auto path = resolve(name);
  if (!path) return path.error();
  struct stat status{};
  return lstat(path->c_str(), &status) == 0 ? why_not_old(status) : std::string();
}

std::string put_login(const std::string& name, const std::string& user, const std::string& line) {
  const auto path = resolve(name);
  if (!path) return path.error();
  // Lock the folder, since each change replaces the file itself.
  const size_t slash = path->rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path->substr(0, slash + 1);
  const Descriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.number < 0 && errno != EACCES) return unwritable(errno);
  for (const uint64_t until_ms = base::monotonic_ms() + kPatienceMs;
       base::monotonic_ms() < until_ms; usleep(kAgainUs)) {
    const SignalsHeld held;
    // There is no taking turns on a file system without locks, or in a folder that may be written
    // but not read.
    if (lock.number >= 0 && flock(lock.number, LOCK_EX | LOCK_NB) != 0 &&
        (errno == EWOULDBLOCK || errno == EINTR))
      continue;
    std::string why = change(*path, user, line);
    if (why.empty()) fsync(lock.number);
    return why;
  }
  return "another process has its folder locked; nothing was changed";
}

}  // namespace weir::cli
