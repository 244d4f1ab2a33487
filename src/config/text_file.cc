#include "config/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace weir::config {

namespace {

/// Appends what is in the file to `text`, until that has `most` bytes. Returns errno, or 0.
int read_all(int fd, size_t most, std::string& text) {
  char buffer[16 * 1024];
  while (text.size() < most) {
    const ssize_t got = ::read(fd, buffer, std::min(sizeof buffer, most - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  return 0;
}

}  // namespace

std::expected<TextFile, std::string> read_text_file(const std::string& path, size_t most,
                                                    Openable openable) {
  const bool ordinary = openable == Openable::ordinary;
  const auto close_it = [](const int* fd) { ::close(*fd); };
  const int fd =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (ordinary ? O_NONBLOCK : 0));
  if (fd < 0) return std::unexpected(std::strerror(errno));
  const std::unique_ptr<const int, decltype(close_it)> closer(&fd, close_it);
  struct stat status{};
  if (fstat(fd, &status) != 0) return std::unexpected(std::strerror(errno));
  if (ordinary && !S_ISREG(status.st_mode)) {
    return std::unexpected("it is no ordinary file, and a Weir that runs reads no other");
  }
  TextFile file{.text = {}, .identity = {status.st_dev, status.st_ino}};
  if (const int error = read_all(fd, most + 1, file.text))
    return std::unexpected(std::strerror(error));
  return file;
}

}  // namespace weir::config
