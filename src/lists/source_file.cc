#include "lists/source_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

namespace weir::lists {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
/// As coarse as the times of the coarsest file systems are.
constexpr int64_t kJustNowNs = 2 * kNsPerSecond;
constexpr size_t kPieceBytes = size_t{256} << 10;

int64_t ns_of(const timespec& time) {
  return int64_t{time.tv_sec} * kNsPerSecond + time.tv_nsec;
}

FileStamp stamp_in(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_ns = ns_of(status.st_mtim),
          .status_changed_ns = ns_of(status.st_ctim)};
}

std::unexpected<std::string> failed(const std::string& path, std::string_view why) {
  return std::unexpected(path + " can't be read: " + std::string(why));
}

std::expected<FileStamp, std::string> stamp_of_status(const std::string& path, int result,
                                                      const struct stat& status) {
  if (result != 0) return failed(path, std::strerror(errno) + std::string("."));
  if (S_ISDIR(status.st_mode)) return failed(path, "It is a folder.");
  if (!S_ISREG(status.st_mode)) return failed(path, "It is no ordinary file.");
  return stamp_in(status);
}

bool is_sure(const FileStamp& stamp, int64_t read_at_ns) {
  return stamp.status_changed_ns < read_at_ns - kJustNowNs;
}

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return ns_of(now);
}

/// Feeds the reader. Returns errno, or 0; a text that is refused ends it early.
int feed_all(int file, match::ListReader& reader) {
  std::vector<char> piece(kPieceBytes);
  while (true) {
    const ssize_t got = read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0 || !reader.feed({piece.data(), static_cast<size_t>(got)})) return 0;
  }
}

}  // namespace

std::expected<FileStamp, std::string> stamp_of(const std::string& path) {
  struct stat status{};
  const int result = stat(path.c_str(), &status);
  return stamp_of_status(path, result, status);
}

std::expected<ReadFile, std::string> read_source(const std::string& path, match::ListSink& sink) {
  const auto close_it = [](const int* file) { close(*file); };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return failed(path, std::strerror(errno) + std::string("."));
  const std::unique_ptr<const int, decltype(close_it)> closer(&file, close_it);
  const int64_t begun_ns = now_ns();
  struct stat before{}, after{};
  const auto stamp = stamp_of_status(path, fstat(file, &before), before);
  if (!stamp) return std::unexpected(stamp.error());
  match::ListReader reader(sink);
  if (const int error = feed_all(file, reader))
    return failed(path, std::strerror(error) + std::string("."));
  auto report = std::move(reader).finish();
  if (!report)
    return std::unexpected(path + " is not taken: " + std::string(report.error().detail()));
  // Written meanwhile: what was read may be half of the old text and half of the new one, so that
  // it must not count as what is there.
  const bool same = fstat(file, &after) == 0 && stamp_in(after) == *stamp;
  return ReadFile{*std::move(report), *stamp, same && is_sure(*stamp, begun_ns)};
}

}  // namespace weir::lists
