#include "journal/log_target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/event_log.h"
#include "base/unwaiting.h"
#include "journal/log_syslog.h"

namespace weir::journal {
namespace {

constexpr int kLookMs = 50;           // How often it checks whether to give up.
constexpr uint64_t kHurriedMs = 500;  // A reader that is briefly busy loses nothing.

/// A line that was written in part counts too.
uint64_t lines_in(std::string_view text) {
  return static_cast<uint64_t>(std::ranges::count(text, '\n'));
}

/// Writes to a file, a pipe, a terminal or a socket. As far as possible it never waits inside the
/// kernel, because a thread that hangs there can't be told to stop.
class StreamTarget : public LogTarget {
 public:
  explicit StreamTarget(int descriptor) { use(descriptor); }
  uint64_t write(std::string_view lines) override;

 protected:
  void use(int descriptor);

 private:
  std::optional<base::Unwaiting> out_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool cut_ = false;  // What was written ends inside a line.
};

void StreamTarget::use(int descriptor) {
  out_.emplace(descriptor);
  struct stat it{};
  fstat(descriptor, &it);
  cut_ = cut_ && it.st_dev == device_ && it.st_ino == inode_;
  device_ = it.st_dev;
  inode_ = it.st_ino;
}

uint64_t StreamTarget::write(std::string_view lines) {
  const char* const begin = lines.data();
  // End a partly written line first, so that it does not spoil the next one.
  std::string_view before = cut_ ? "\n" : "";
  while (!lines.empty()) {
    const ssize_t n = out_->write(before.empty() ? lines : before);
    if (n > 0) {
      if (before.empty()) got_on();  // The line end alone does not show that it reads again.
      (before.empty() ? lines : before).remove_prefix(static_cast<size_t>(n));
      cut_ = false;
      continue;
    }
    const int error = n < 0 ? errno : EIO;
    if (error == EINTR) continue;
    if (error == EAGAIN && wait_for_room(out_->descriptor())) continue;
    failed(error);
    break;  // A full disk or closed pipe: later lines may succeed.
  }
  if (lines.empty()) return 0;
  if (lines.data() != begin) cut_ = lines.data()[-1] != '\n';
  return lines_in(lines);
}

/// Without O_NONBLOCK, opening a FIFO that has no reader would block.
int open_file(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
              0640);
}

std::string cannot_open(const std::string& path, int error) {
  return "the access log " + path + " can't be opened: " + std::strerror(error);
}

class FileTarget final : public StreamTarget {
 public:
  FileTarget(std::string path, int descriptor)
      : StreamTarget(descriptor), path_(std::move(path)), descriptor_(descriptor) {}
  FileTarget(const FileTarget&) = delete;
  ~FileTarget() override { close(descriptor_); }
  bool reopens() const override { return true; }
  void reopen() override {
    StreamTarget::reopen();
    const int opened = open_file(path_);
    if (opened < 0) {
      base::log_event(cannot_open(path_, errno) + "; the old file stays in use");
      return;
    }
    use(opened);
    close(std::exchange(descriptor_, opened));
  }

 private:
  const std::string path_;
  int descriptor_;
};

}  // namespace

bool LogTarget::wait_for_room(int descriptor) {
  const uint64_t now_ms = base::monotonic_ms();
  if (stuck_since_ms_ == 0) stuck_since_ms_ = now_ms;
  if ((hurried_ || for_good_) && now_ms >= stuck_since_ms_ + kHurriedMs) return false;
  pollfd room{descriptor, POLLOUT, 0};
  // A descriptor with an error ends poll() at once: the next write reports the error, or we try
  // again after a short sleep.
  if (poll(&room, 1, kLookMs) != 0 && !(room.revents & POLLOUT)) usleep(1000);
  return true;
}

std::shared_ptr<LogTarget> log_to_descriptor(int descriptor) {
  return std::make_shared<StreamTarget>(descriptor);
}

std::expected<std::shared_ptr<LogTarget>, std::string> open_log_target(const LogConfig& config) {
  if (config.to == "stdout") return log_to_descriptor(STDOUT_FILENO);
  if (config.to == "syslog") return std::make_shared<SyslogTarget>(config.syslog_socket);
  const int descriptor = open_file(config.to);
  if (descriptor < 0) return std::unexpected(cannot_open(config.to, errno));
  return std::make_shared<FileTarget>(config.to, descriptor);
}

}  // namespace weir::journal
