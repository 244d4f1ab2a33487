#include "control/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "base/clock.h"

namespace weir::control {
namespace {

constexpr int kPatienceMs = 1000;
constexpr size_t kLongestLine = 256;
/// Clients served at once; others wait to be accepted.
constexpr size_t kMostClients = 16;

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

Control::~Control() {
  while (!clients_.empty()) let_go(0);
  if (spare_ >= 0) close(spare_);
  socket_.close();
}

std::string Control::open(const std::string& path, bool named) {
  clients_.reserve(kMostClients);
  auto opened = open_control_socket(path, named);
  if (!opened) return std::move(opened).error();
  socket_.close();
  socket_ = *std::move(opened);
  if (spare_ < 0) spare_ = open_spare();
  return {};
}

bool Control::serve_until_readable(int other, int timeout_ms, const Answer& answer) {
  const uint64_t end_ms =
      timeout_ms < 0 ? UINT64_MAX : base::monotonic_ms() + static_cast<uint64_t>(timeout_ms);
  for (;;) {
    std::array<pollfd, 2 + kMostClients> ready;
    uint64_t until_ms = end_ms;
    // While the spare descriptor is in use, its client is finished before another is accepted.
    const bool room = clients_.size() < kMostClients && (spare_ >= 0 || clients_.empty());
    ready[0] = {other, POLLIN, 0};
    ready[1] = {room ? socket_.descriptor : -1, POLLIN, 0};
    for (size_t i = 0; i < clients_.size(); ++i) {
      ready[2 + i] = {clients_[i].descriptor,
                      static_cast<short>(clients_[i].answer.empty() ? POLLIN : POLLOUT), 0};
      until_ms = std::min(until_ms, clients_[i].until_ms);
    }
    const uint64_t now_ms = base::monotonic_ms();
    const int wait_ms =
        until_ms == UINT64_MAX ? -1 : static_cast<int>(until_ms - std::min(until_ms, now_ms));
    const int events = poll(ready.data(), 2 + clients_.size(), wait_ms);
    if (events < 0) {
      if (errno != EINTR) usleep(10'000);
      continue;
    }
    // An answer may take long. Deadlines are checked against the time before it: a client that sent
    // something meanwhile is not late, and is looked at in the next round.
    const uint64_t looked_ms = base::monotonic_ms();
    bool answered = false;
    const auto answer_one = [&](const std::string& word) {
      answered = true;
      return answer(word);
    };
    for (size_t i = clients_.size(); i-- > 0;) {
      const bool stays = ready[2 + i].revents != 0 ? advance(clients_[i], answer_one)
                                                   : looked_ms < clients_[i].until_ms;
      if (!stays) let_go(i);
    }
    if (ready[1].revents != 0) accept_client();
    if (ready[0].revents != 0) return true;
    if (answered || base::monotonic_ms() >= end_ms) return false;
  }
}

void Control::accept_client() {
  const auto accept_one = [this] {
    return accept4(socket_.descriptor, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  };
  int client = accept_one();
  if (client < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
    if (spare_ >= 0) close(spare_);
    spare_ = -1;
    client = accept_one();
    if (client < 0) usleep(10'000);  // Someone else took the descriptor: don't spin.
  }
  if (client < 0) {
    if (spare_ < 0) spare_ = open_spare();
    return;
  }
  clients_.push_back(
      {client, base::monotonic_ms() + kPatienceMs, {}, {}});  // open() has made room.
}

bool Control::advance(Client& client, const Answer& answer) try {
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
  const ssize_t n =
      send(client.descriptor, client.answer.data(), client.answer.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
  client.answer.erase(0, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return !client.answer.empty() && in_time();
} catch (const std::bad_alloc&) {
  return false;
}

void Control::let_go(size_t index) {
  close(clients_[index].descriptor);
  clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(index));
  if (spare_ < 0) spare_ = open_spare();
}

}  // namespace weir::control
