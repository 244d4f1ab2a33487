#include "match/image_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::match {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  const int number_;
};

std::unexpected<base::Error> failed(const std::string& path, const char* what,
                                    std::string_view why) {
  return base::fail(base::ErrorType::proxy_internal_error,
                    "The image " + path + " can't be " + what + ": " + std::string(why));
}

std::unexpected<base::Error> not_written(const std::string& path, int error) {
  return failed(path, "written", std::strerror(error) + std::string("."));
}
std::unexpected<base::Error> not_read(const std::string& path, int error) {
  return failed(path, "read", std::strerror(error) + std::string("."));
}

/// 0, or errno's value.
int write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return 0;
}

/// So that the new name is on the disk, too. A folder that can't be opened for this is no reason to
/// fail: the image is there.
void sync_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) fsync(opened.get());
}

base::Result<void> write_new(const std::string& path, const WriteImage& write) {
  const Descriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return not_written(path, errno);
  CHECK_OK(write([&](std::span<const std::byte> bytes) -> base::Result<void> {
    if (const int error = write_all(file.get(), bytes)) return not_written(path, error);
    return {};
  }));
  if (fsync(file.get()) != 0) return not_written(path, errno);
  return {};
}

}  // namespace

base::Result<void> write_image_file(const std::string& path, const WriteImage& write) {
  const std::string beside = path + ".new";
  unlink(beside.c_str());  // A process that was killed may have left it.
  base::Result<void> result = write_new(beside, write);
  if (result && rename(beside.c_str(), path.c_str()) != 0) result = not_written(path, errno);
  if (result)
    sync_folder_of(path);
  else
    unlink(beside.c_str());
  return result;
}

base::Result<std::unique_ptr<const ImageFile>> ImageFile::open(const std::string& path) {
  // O_NONBLOCK, in case it is a FIFO.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return not_read(path, errno);
  if (!S_ISREG(status.st_mode)) return failed(path, "read", "It is no ordinary file.");
  if (status.st_size == 0) return failed(path, "read", "It is empty.");
  const auto size = static_cast<size_t>(status.st_size);
  void* const address = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) return not_read(path, errno);
  return std::unique_ptr<const ImageFile>(
      new ImageFile(std::span(static_cast<std::byte*>(address), size)));
}

ImageFile::~ImageFile() {
  munmap(bytes_.data(), bytes_.size());
}

void ImageFile::forget_from(size_t offset) const {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  offset = (offset + page - 1) / page * page;
  if (offset < bytes_.size()) madvise(&bytes_[offset], bytes_.size() - offset, MADV_DONTNEED);
}

}  // namespace weir::match
