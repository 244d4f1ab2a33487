#include "cli/control_ask.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/clock.h"
#include "cli/answer_reader.h"
#include "control/control_path.h"
#include "control/descriptor.h"
#include "control/protocol.h"

namespace weir::cli {
namespace {

/// False: the peer takes nothing. A peer that refuses a request closes before it has taken all of
/// it, and has answered: then there is something to receive.
bool send_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return errno != EAGAIN;
    text.remove_prefix(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  }
  return true;
}

/// Prints what comes until the peer closes, too much has come, or time is over. Returns empty, or
/// what is wrong with the answer.
std::string receive(int descriptor, AnswerReader& answer, const Print& print, bool& printed) {
  const uint64_t until_ms = base::monotonic_ms() + control::kControlAnswerMs;
  char buffer[16384];
  for (;;) {
    const uint64_t now_ms = base::monotonic_ms();
    // A stream may say nothing for hours.
    if (now_ms >= until_ms && !answer.is_stream())
      return "did not end within " + std::to_string(control::kControlAnswerMs / 1000) + " s";
    pollfd ready{descriptor, POLLIN, 0};
    const int wait_ms = answer.is_stream() ? -1 : static_cast<int>(until_ms - now_ms);
    if (poll(&ready, 1, wait_ms) != 1) continue;
    const ssize_t n = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    const std::string text = n > 0 ? answer.take({buffer, static_cast<size_t>(n)}) : answer.end();
    printed = text.empty() || print(text);
    if (answer.is_too_long())
      return "has more than " + std::to_string(AnswerReader::kLongestText >> 20) + " MiB";
    if (n <= 0) return answer.breaks_off() ? "breaks off" : "";
    if (!printed) return {};
  }
}

}  // namespace

Command ask_running(const ControlCommand& command, const Print& print) {
  Command told;
  told.status = 1;
  const control::Descriptor weir(control::connect_to_control(command.path, 0));
  if (weir.get() < 0) {
    told.complaint =
        "weir: no Weir answers at " + command.path + ": " + std::strerror(-weir.get()) + '\n';
    return told;
  }
  const bool taken =
      command.body
          ? send_all(weir.get(), control::line_with_body(command.words, command.body->size())) &&
                send_all(weir.get(), *command.body)
          : send_all(weir.get(), command.words + '\n');
  AnswerReader answer;
  std::string fault;
  bool printed = true;
  if (taken) fault = receive(weir.get(), answer, print, printed);
  told.complaint = answer.complaint();
  if (answer.is_empty() && fault.empty())
    told.complaint = "weir: no answer from " + command.path + '\n';
  if (!fault.empty())
    told.complaint += "weir: the answer from " + command.path + ' ' + fault + '\n';
  if (printed && told.complaint.empty()) told.status = 0;
  return told;
}

}  // namespace weir::cli
