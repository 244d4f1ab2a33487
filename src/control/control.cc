#include "control/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/clock.h"

namespace weir::control {
namespace {

/// Places in the array that poll() is given.
enum : uint8_t { kOther, kListener, kBell, kFirstClient };

int open_spare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

Control::Control(Commands commands) : commands_(std::move(commands)) {}

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

bool Control::serve_until_readable(int other, int timeout_ms) {
  const uint64_t end_ms =
      timeout_ms < 0 ? UINT64_MAX : base::monotonic_ms() + static_cast<uint64_t>(timeout_ms);
  for (;;) {
    Ready ready;
    if (!await(ready, other, end_ms)) continue;
    const bool has_run = serve_clients(ready);
    if (ready[kListener].revents != 0) accept_client();
    if (ready[kOther].revents != 0) return true;
    if (has_run || base::monotonic_ms() >= end_ms) return false;
  }
}

bool Control::await(Ready& ready, int other, uint64_t until_ms) const {
  // While the spare descriptor is in use, its client is finished before another is accepted.
  const bool room = clients_.size() < kMostClients && (spare_ >= 0 || clients_.empty());
  bool woken = false;
  ready[kOther] = {other, POLLIN, 0};
  ready[kListener] = {room ? socket_.descriptor : -1, POLLIN, 0};
  ready[kBell] = {bell_->descriptor(), POLLIN, 0};
  for (size_t i = 0; i < clients_.size(); ++i) {
    ready[kFirstClient + i] = {clients_[i].descriptor(), clients_[i].events(), 0};
    until_ms = std::min(until_ms, clients_[i].until_ms());
    woken |= clients_[i].woken();
  }
  const uint64_t now_ms = base::monotonic_ms();
  const int wait_ms = woken ? 0
                      : until_ms == UINT64_MAX
                          ? -1
                          : static_cast<int>(until_ms - std::min(until_ms, now_ms));
  const bool done = poll(ready.data(), kFirstClient + clients_.size(), wait_ms) >= 0;
  if (!done && errno != EINTR) usleep(10'000);
  if (done && ready[kBell].revents != 0) bell_->clear();
  return done;
}

bool Control::serve_clients(const Ready& ready) {
  // A command may take long. Deadlines are checked against the time before it: a client that sent
  // something meanwhile is not late, and is looked at in the next round.
  const uint64_t looked_ms = base::monotonic_ms();
  bool has_run = false;
  for (size_t i = clients_.size(); i-- > 0;) {
    Client& client = clients_[i];
    const short events = ready[kFirstClient + i].revents;
    bool stays = looked_ms < client.until_ms();
    if (events != 0 || client.woken()) {
      Surroundings around = around_of(client);
      stays = client.advance(events, around);
      has_run |= around.has_run;
    }
    if (!stays) let_go(i);
  }
  return has_run;
}

Surroundings Control::around_of(const Client& client) {
  if (spare_ < 0) spare_ = open_spare();
  size_t body_bytes = 0, long_clients = 0;
  for (const Client& each : clients_) {
    if (&each == &client) continue;
    body_bytes += each.body_bytes();
    long_clients += each.is_long();
  }
  // A client that has the spare descriptor must not keep it for long.
  return {.commands = commands_,
          .runner = runner_,
          .bell = bell_,
          .body_room = kLargestBodies - body_bytes,
          .long_room = spare_ >= 0 && long_clients < kMostLong};
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
  clients_.emplace_back(client);  // open() has made room.
}

void Control::let_go(size_t index) {
  clients_[index].leave();
  clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(index));
  if (spare_ < 0) spare_ = open_spare();
}

bool Control::owes_answers() const {
  const uint64_t now_ms = base::monotonic_ms();
  return std::ranges::any_of(clients_,
                             [&](const Client& client) { return client.is_owed(now_ms); });
}

}  // namespace weir::control
