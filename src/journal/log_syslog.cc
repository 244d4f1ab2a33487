#include "journal/log_syslog.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace weir::journal {
namespace {

constexpr int kPriority = 16 * 8 + 6;  // local0, info.

/// `<134>Nov  5 23:16:56 weir[4711]: `
void append_prefix(std::string& out) {
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  char text[96];
  const int size = snprintf(text, sizeof text, "<%d>%s %2d %02d:%02d:%02d weir[%d]: ", kPriority,
                            kMonths[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min,
                            local.tm_sec, static_cast<int>(getpid()));
  out.append(text, static_cast<size_t>(size));
}

}  // namespace

SyslogTarget::~SyslogTarget() {
  close_socket();
}

void SyslogTarget::close_socket() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

bool SyslogTarget::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) {
    failed(ENAMETOOLONG);
    return false;
  }
  std::memcpy(address.sun_path, path_.data(), path_.size());
  descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ >= 0 &&
      ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return true;
  failed(errno);
  close_socket();
  return false;
}

SyslogTarget::Sent SyslogTarget::send(std::string_view line) {
  datagram_.clear();
  append_prefix(datagram_);
  datagram_ += line;
  for (bool again = false;;) {
    if (descriptor_ < 0 && !connect()) return Sent::gone;
    if (::send(descriptor_, datagram_.data(), datagram_.size(), MSG_NOSIGNAL) >= 0) {
      got_on();
      return Sent::yes;
    }
    failed(errno);
    switch (errno) {
      case EINTR: continue;
      case ENOBUFS: usleep(1000); [[fallthrough]];
      case EAGAIN:
        // Syslog is busy: this thread waits for it, and lines beyond the backlog are dropped.
        if (wait_for_room(descriptor_)) continue;
        return Sent::gone;
      case EMSGSIZE: return Sent::line_lost;
      default:
        close_socket();
        if (std::exchange(again, true)) return Sent::gone;
    }
  }
}

uint64_t SyslogTarget::write(std::string_view lines) {
  uint64_t lost = 0;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size() - 1);
    const Sent sent = send(lines.substr(0, end));
    if (sent == Sent::gone) return lost + static_cast<uint64_t>(std::ranges::count(lines, '\n'));
    lost += sent == Sent::line_lost;
    lines.remove_prefix(end + 1);
  }
  return lost;
}

}  // namespace weir::journal
