#include "proxy/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/clock.h"
#include "base/text.h"

namespace weir::proxy {
namespace {

constexpr int kPatienceMs = 1000;
constexpr int kAnswerMs = 30'000;
constexpr size_t kLongestAnswer = 1 << 20;
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

/// A connected socket, or -errno: -EAGAIN where the listener's queue is full, with SOCK_NONBLOCK in `flags` at once.
int connect_to(const std::string& path, int flags) {
  sockaddr_un address;
  if (!address_of(path, address)) return -ENAMETOOLONG;
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (descriptor < 0) return -errno;
  constexpr timeval patience{kAnswerMs / 1000, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    const int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

/// What a peer says until it ends, or until there is too much of it or time is over: why not all, if so.
std::string receive(int descriptor, std::string& text) {
  const uint64_t until_ms = base::monotonic_ms() + kAnswerMs;
  char buffer[16384];
  for (;;) {
    const uint64_t now_ms = base::monotonic_ms();
    if (now_ms >= until_ms) return "did not end within " + std::to_string(kAnswerMs / 1000) + " s";
    pollfd ready{descriptor, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(until_ms - now_ms)) != 1) continue;
    const ssize_t n = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) return {};
    const size_t room = kLongestAnswer - text.size();
    text.append(buffer, std::min(room, static_cast<size_t>(n)));
    if (static_cast<size_t>(n) > room) return "has more than " + std::to_string(kLongestAnswer >> 20) + " MiB";
  }
}

/// Anybody may listen at a path: what a terminal would obey is shown as \xHH, and so is what is no UTF-8.
std::string shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = base::utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    const bool control = length == 1 ? (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f
                                     : length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const std::string_view piece = text.substr(0, std::max<size_t>(length, 1));
    if (length == 0 || control) {
      base::append_escaped_for_log(out, piece);
    } else {
      out += piece;
    }
    text.remove_prefix(piece.size());
  }
  return out;
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

config::Command ask_running(const config::ControlCommand& command) {
  config::Command told;
  told.status = 1;
  const int descriptor = connect_to(command.path, 0);
  if (descriptor < 0) {
    told.complaint = "weir: no Weir answers at " + command.path + ": " + std::strerror(-descriptor) + '\n';
    return told;
  }
  const std::string line = command.word + '\n';
  std::string text, fault;
  if (send(descriptor, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) fault = receive(descriptor, text);
  close(descriptor);
  // The first line says how it went.
  const bool good = text.starts_with("ok\n");
  (good ? told.output : told.complaint) = shown(std::string_view(text).substr(good ? 3 : 0));
  if (text.empty() && fault.empty()) told.complaint = "weir: no answer from " + command.path + '\n';
  if (!fault.empty()) told.complaint += "weir: the answer from " + command.path + ' ' + fault + '\n';
  if (good && fault.empty()) told.status = 0;
  return told;
}

}  // namespace weir::proxy
