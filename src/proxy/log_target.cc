#include "proxy/log_target.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/event_log.h"
#include "proxy/log_syslog.h"

namespace weir::proxy {
namespace {

/// A line that was cut counts too.
uint64_t lines_in(std::string_view text) { return static_cast<uint64_t>(std::ranges::count(text, '\n')); }

uint64_t write_all(int descriptor, std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t n = ::write(descriptor, lines.data(), lines.size());
    if (n > 0) {
      lines.remove_prefix(static_cast<size_t>(n));
    } else if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
      usleep(1000);
    } else {
      return lines_in(lines);  // A full disk or a closed pipe: the next lines may not be.
    }
  }
  return 0;
}

class DescriptorTarget final : public LogTarget {
 public:
  explicit DescriptorTarget(int descriptor) : descriptor_(descriptor) {}
  uint64_t write(std::string_view lines) override { return write_all(descriptor_, lines); }

 private:
  const int descriptor_;
};

/// Without O_NONBLOCK a FIFO that nobody reads would keep whoever opens it.
int open_file(const std::string& path) { return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640); }

std::string cannot_open(const std::string& path, int error) { return "the access log " + path + " can't be opened: " + std::strerror(error); }

class FileTarget final : public LogTarget {
 public:
  FileTarget(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~FileTarget() override { close(descriptor_); }
  uint64_t write(std::string_view lines) override { return write_all(descriptor_, lines); }
  void reopen() override {
    const int opened = open_file(path_);
    if (opened < 0) {
      base::log_event(cannot_open(path_, errno) + "; the old file stays in use");
      return;
    }
    close(std::exchange(descriptor_, opened));
  }

 private:
  const std::string path_;
  int descriptor_;
};

}  // namespace

std::shared_ptr<LogTarget> log_to_descriptor(int descriptor) { return std::make_shared<DescriptorTarget>(descriptor); }

std::expected<std::shared_ptr<LogTarget>, std::string> open_log_target(const config::LogConfig& config) {
  if (config.to == "stdout") return log_to_descriptor(STDOUT_FILENO);
  if (config.to == "syslog") return std::make_shared<SyslogTarget>(config.syslog_socket);
  const int descriptor = open_file(config.to);
  if (descriptor < 0) return std::unexpected(cannot_open(config.to, errno));
  return std::make_shared<FileTarget>(config.to, descriptor);
}

}  // namespace weir::proxy
