#include "cli/control_ask.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/text.h"
#include "control/control_path.h"

namespace weir::cli {
namespace {

constexpr size_t kLongestAnswer = 1 << 20;

/// Reads into `text` until the peer closes, too much has come, or time is over. Returns empty, or
/// why the text is incomplete.
std::string receive(int descriptor, std::string& text) {
  const uint64_t until_ms = base::monotonic_ms() + control::kControlAnswerMs;
  char buffer[16384];
  for (;;) {
    const uint64_t now_ms = base::monotonic_ms();
    if (now_ms >= until_ms)
      return "did not end within " + std::to_string(control::kControlAnswerMs / 1000) + " s";
    pollfd ready{descriptor, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(until_ms - now_ms)) != 1) continue;
    const ssize_t n = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) return {};
    const size_t room = kLongestAnswer - text.size();
    text.append(buffer, std::min(room, static_cast<size_t>(n)));
    if (static_cast<size_t>(n) > room)
      return "has more than " + std::to_string(kLongestAnswer >> 20) + " MiB";
  }
}

/// Replaces control characters and bytes that are not UTF-8 with \xHH: any program may listen at
/// the path, and the terminal must not obey its text.
std::string shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = base::utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    const bool control =
        length == 1 ? (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f
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

}  // namespace

Command ask_running(const ControlCommand& command) {
  Command told;
  told.status = 1;
  const int descriptor = control::connect_to_control(command.path, 0);
  if (descriptor < 0) {
    told.complaint =
        "weir: no Weir answers at " + command.path + ": " + std::strerror(-descriptor) + '\n';
    return told;
  }
  const std::string line = command.word + '\n';
  std::string text, fault;
  if (send(descriptor, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()))
    fault = receive(descriptor, text);
  close(descriptor);
  // The first line tells success from failure.
  const bool good = text.starts_with("ok\n");
  (good ? told.output : told.complaint) = shown(std::string_view(text).substr(good ? 3 : 0));
  if (text.empty() && fault.empty()) told.complaint = "weir: no answer from " + command.path + '\n';
  if (!fault.empty())
    told.complaint += "weir: the answer from " + command.path + ' ' + fault + '\n';
  if (good && fault.empty()) told.status = 0;
  return told;
}

}  // namespace weir::cli
