#include "proxy/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/clock.h"

namespace weir::proxy {
namespace {

constexpr int kPatienceMs = 1000;
constexpr int kAnswerMs = 30'000;
constexpr size_t kLongestLine = 256;
/// At once; others wait to be accepted.
constexpr size_t kMostClients = 16;

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

/// A connected socket, or -errno. With SOCK_NONBLOCK in `flags` -EAGAIN is a listener whose queue is full.
int connect_to(const std::string& path, int flags) {
  sockaddr_un address;
  if (!address_of(path, address)) return -ENAMETOOLONG;
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
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

/// Makes place for a socket: empty, or why there is none.
std::string clear(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  // Whatever else refuses connections may be somebody's file, of a name that was mistyped.
  if (!S_ISSOCK(status.st_mode)) return path + " is there, and is no socket";
  const int other = connect_to(path, SOCK_NONBLOCK);
  if (other >= 0) close(other);
  if (other >= 0 || other == -EAGAIN) return path + ": another Weir listens there";
  if (other == -ECONNREFUSED) unlink(path.c_str());  // Left by one that was killed.
  return {};
}

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Control::~Control() {
  while (!clients_.empty()) let_go(0);
  if (spare_ >= 0) close(spare_);
  if (descriptor_ < 0) return;
  // While ours is open nothing else has its number.
  struct stat status{};
  if (lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) unlink(path_.c_str());
  close(descriptor_);
}

std::string Control::open(const std::string& path) {
  if (std::string why = prepare_folder(path); !why.empty()) return why;
  sockaddr_un address;
  if (!address_of(path, address)) return path + " is too long for a socket";
  if (std::string why = clear(path); !why.empty()) return why;
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return std::strerror(errno);
  // Born with its mode: there is no moment at which others could connect.
  const mode_t before = umask(0177);
  const int bound = bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(before);
  struct stat status{};
  if (bound != 0 || lstat(path.c_str(), &status) != 0 || listen(descriptor, 16) != 0) {
    const std::string why = path + ": " + std::strerror(bound != 0 ? error : errno);
    close(descriptor);
    return why;
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  descriptor_ = descriptor;
  spare_ = open_spare();
  path_ = path;
  return {};
}

bool Control::serve_until_readable(int other, int timeout_ms, const Answer& answer) {
  const uint64_t end_ms = timeout_ms < 0 ? UINT64_MAX : base::monotonic_ms() + static_cast<uint64_t>(timeout_ms);
  for (;;) {
    std::array<pollfd, 2 + kMostClients> ready;
    uint64_t until_ms = end_ms;
    // Where the spare one is in use, its client comes to an end first.
    const bool room = clients_.size() < kMostClients && (spare_ >= 0 || clients_.empty());
    ready[0] = {other, POLLIN, 0};
    ready[1] = {room ? descriptor_ : -1, POLLIN, 0};
    for (size_t i = 0; i < clients_.size(); ++i) {
      ready[2 + i] = {clients_[i].descriptor, static_cast<short>(clients_[i].answer.empty() ? POLLIN : POLLOUT), 0};
      until_ms = std::min(until_ms, clients_[i].until_ms);
    }
    const uint64_t now_ms = base::monotonic_ms();
    const int wait_ms = until_ms == UINT64_MAX ? -1 : static_cast<int>(until_ms - std::min(until_ms, now_ms));
    const int events = poll(ready.data(), 2 + clients_.size(), wait_ms);
    if (events < 0) {
      if (errno != EINTR) usleep(10'000);
      continue;
    }
    for (size_t i = clients_.size(); i-- > 0;) {
      const bool stays = ready[2 + i].revents != 0 ? advance(clients_[i], answer) : base::monotonic_ms() < clients_[i].until_ms;
      if (!stays) let_go(i);
    }
    if (ready[1].revents != 0) accept_client();
    if (ready[0].revents != 0) return true;
    if (base::monotonic_ms() >= end_ms) return false;
  }
}

void Control::accept_client() {
  int client = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0 && (errno == EMFILE || errno == ENFILE)) {
    if (spare_ >= 0) close(spare_);
    spare_ = -1;
    client = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) usleep(10'000);  // Somebody else was faster: not at once again.
  }
  if (client < 0) {
    if (spare_ < 0) spare_ = open_spare();
    return;
  }
  clients_.push_back({client, base::monotonic_ms() + kPatienceMs, {}, {}});
}

bool Control::advance(Client& client, const Answer& answer) {
  const auto in_time = [&] { return base::monotonic_ms() < client.until_ms; };
  if (client.answer.empty()) {
    char buffer[kLongestLine];
    const ssize_t n = recv(client.descriptor, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return in_time();
    if (n <= 0) return false;
    client.line.append(buffer, static_cast<size_t>(n));
    const size_t end = client.line.find('\n');
    if (end == std::string::npos) return client.line.size() < kLongestLine && in_time();
    client.answer = answer(client.line.substr(0, end));
    client.until_ms = base::monotonic_ms() + kPatienceMs;
  }
  const ssize_t n = send(client.descriptor, client.answer.data(), client.answer.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
  client.answer.erase(0, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return !client.answer.empty() && in_time();
}

void Control::let_go(size_t index) {
  close(clients_[index].descriptor);
  clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(index));
  if (spare_ < 0) spare_ = open_spare();
}

int ask_running(const std::string& path, const std::string& word) {
  const int descriptor = connect_to(path, 0);
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
