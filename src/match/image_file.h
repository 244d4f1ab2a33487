// Files that are written once and mapped.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "match/image_writer.h"

namespace weir::match {

/// Makes the bytes of an image.
using WriteImage = std::function<base::Result<void>(const ImageSink&)>;

/// Writes an image to `path` with the suffix ".new", syncs it and renames it to `path`, so that a
/// reader finds the old image or the new one, whole. The file's mode is 0600, since an image may
/// have a key in it. On failure the old image stays. One writer per path at a time. Waits for the
/// disk.
base::Result<void> write_image_file(const std::string& path, const WriteImage& write);

/// A file mapped read-only. It may be replaced or removed meanwhile, as write_image_file does; it
/// must not be shortened in place, since reading it then ends the process.
class ImageFile {
 public:
  /// Fails if `path` is no ordinary file, or is empty. Takes no time that depends on the size.
  static base::Result<std::unique_ptr<const ImageFile>> open(const std::string& path);
  ImageFile(const ImageFile&) = delete;
  ~ImageFile();

  std::span<const std::byte> bytes() const { return bytes_; }
  /// Gives back the memory of what was read from `offset` on. The pages stay in the system's cache,
  /// where a later reader finds them.
  void forget_from(size_t offset) const;

 private:
  explicit ImageFile(std::span<std::byte> bytes) : bytes_(bytes) {}

  const std::span<std::byte> bytes_;
};

}  // namespace weir::match
