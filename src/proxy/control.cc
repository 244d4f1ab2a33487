#include "proxy/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace weir::proxy {
namespace {

constexpr int kPatienceMs = 1000;
constexpr int kAnswerMs = 30'000;
constexpr size_t kLongestLine = 256;

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

/// A connected socket, or -errno.
int connect_to(const std::string& path) {
  sockaddr_un address;
  if (!address_of(path, address)) return -ENAMETOOLONG;
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    const int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

void send_whole(int descriptor, const std::string& text) {
  for (size_t sent = 0; sent < text.size();) {
    pollfd ready{descriptor, POLLOUT, 0};
    if (poll(&ready, 1, kPatienceMs) != 1) return;
    const ssize_t n = send(descriptor, text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

/// Up to the first line's end, or all until the end if `whole`.
std::string receive(int descriptor, int patience_ms, bool whole) {
  std::string text;
  char buffer[4096];
  while (whole || (text.find('\n') == std::string::npos && text.size() < kLongestLine)) {
    pollfd ready{descriptor, POLLIN, 0};
    if (poll(&ready, 1, patience_ms) != 1) break;
    const ssize_t n = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

/// The default lies in a folder of the user's own, which may have to be made; nobody else may have a hand in it.
std::string prepare_folder(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  if (folder.empty()) return {};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return folder + ": " + std::strerror(errno);
  struct stat status{};
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return folder + " is no folder";
  if (status.st_uid != geteuid() && status.st_uid != 0) return folder + " belongs to somebody else";
  return {};
}

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Control::~Control() {
  if (spare_ >= 0) close(spare_);
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(path_.c_str());
}

std::string Control::open(const std::string& path) {
  if (std::string why = prepare_folder(path); !why.empty()) return why;
  sockaddr_un address;
  if (!address_of(path, address)) return path + " is too long for a socket";
  if (const int other = connect_to(path); other >= 0) {
    close(other);
    return path + ": another Weir listens there";
  } else if (other == -ECONNREFUSED) {
    unlink(path.c_str());  // Left by one that was killed.
  }
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return std::strerror(errno);
  // Born with its mode: there is no moment at which others could connect.
  const mode_t before = umask(0177);
  const int bound = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(before);
  if (bound != 0 || listen(descriptor, 16) != 0) {
    close(descriptor);
    return path + ": " + std::strerror(bound != 0 ? error : errno);
  }
  descriptor_ = descriptor;
  spare_ = open_spare();
  path_ = path;
  return {};
}

void Control::serve(const std::function<std::string(const std::string& word)>& answer) {
  int client = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0 && (errno == EMFILE || errno == ENFILE)) {
    if (spare_ >= 0) close(spare_);
    spare_ = -1;
    client = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) usleep(10'000);  // Somebody else was faster: not at once again.
  }
  if (client < 0) return;
  std::string line = receive(client, kPatienceMs, false);
  if (const size_t end = line.find('\n'); end != std::string::npos) send_whole(client, answer(line.substr(0, end)));
  close(client);
  if (spare_ < 0) spare_ = open_spare();
}

int ask_running(const std::string& path, const std::string& word) {
  const int descriptor = connect_to(path);
  if (descriptor < 0) {
    std::fprintf(stderr, "weir: no Weir answers at %s: %s\n", path.c_str(), std::strerror(-descriptor));
    return 1;
  }
  send_whole(descriptor, word + "\n");
  const std::string text = receive(descriptor, kAnswerMs, true);
  close(descriptor);
  // The first line says how it went.
  const bool good = text.starts_with("ok\n");
  std::fputs(good ? text.c_str() + 3 : text.c_str(), good ? stdout : stderr);
  if (text.empty()) std::fprintf(stderr, "weir: no answer from %s\n", path.c_str());
  return good ? 0 : 1;
}

}  // namespace weir::proxy
