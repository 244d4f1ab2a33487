#include "base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::base {
namespace {

/// Closes itself.
struct Opened {
  explicit Opened(int descriptor) : descriptor(descriptor) {}
  Opened(const Opened&) = delete;
  ~Opened() {
    if (descriptor >= 0) close(descriptor);
  }
  const int descriptor;
};

std::string failed(const std::string& path, std::string_view what) {
  return path + std::string(what) + std::strerror(errno);
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = write(descriptor, content.data(), content.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) content.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

/// So that the new name is there after a power cut. Not every file system can do it, and then
/// nothing is lost but the last change.
void sync_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Opened opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.descriptor >= 0) fsync(opened.descriptor);
}

}  // namespace

std::optional<std::string> read_whole_file(const std::string& path, size_t most, std::string& why) {
  // Without O_NONBLOCK a pipe in place of the file would hold us.
  const Opened opened(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (opened.descriptor < 0) {
    if (errno != ENOENT) why = failed(path, ": ");
    return std::nullopt;
  }
  struct stat status{};
  if (fstat(opened.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    why = path + ": it is no ordinary file";
    return std::nullopt;
  }
  std::string content;
  char piece[16384];
  for (;;) {
    const ssize_t n = read(opened.descriptor, piece, sizeof piece);
    if (n == 0) return content;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      why = failed(path, ": ");
      return std::nullopt;
    }
    content.append(piece, static_cast<size_t>(n));
    if (content.size() > most) {
      why = path + ": it has more than " + std::to_string(most) + " bytes";
      return std::nullopt;
    }
  }
}

std::string replace_file(const std::string& path, std::string_view content) {
  const std::string beside = path + ".new";
  {
    const Opened opened(
        open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (opened.descriptor < 0) return failed(beside, " can't be written: ");
    if (!write_all(opened.descriptor, content) || fsync(opened.descriptor) != 0) {
      const std::string why = failed(beside, " can't be written: ");
      unlink(beside.c_str());
      return why;
    }
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return failed(path, " can't be replaced: ");
  sync_folder_of(path);
  return {};
}

}  // namespace weir::base
