// The image of a list in a file.
#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "match/image_file.h"
#include "match/list_image.h"

namespace weir::match {

/// Any thread, any number at once.
class ListFile {
 public:
  /// Fails where ImageFile::open and ListImage::over do; the error names the file. The time does
  /// not depend on the size, and the checksum is not checked.
  static base::Result<std::unique_ptr<const ListFile>> open(const std::string& path);
  ListFile(const ListFile&) = delete;

  const ListImage& image() const { return *image_; }
  /// Reads the whole file, so call it off the workers. The memory that this took is given back,
  /// except for what look-ups of hosts that are in no list need.
  bool checksum_holds() const;

 private:
  explicit ListFile(std::unique_ptr<const ImageFile> file) : file_(std::move(file)) {}

  const std::unique_ptr<const ImageFile> file_;
  std::unique_ptr<const ListImage> image_;
};

}  // namespace weir::match
