#include "match/list_file.h"

namespace weir::match {

base::Result<std::unique_ptr<const ListFile>> ListFile::open(const std::string& path) {
  TRY(auto file, ImageFile::open(path));
  std::unique_ptr<ListFile> opened(new ListFile(std::move(file)));
  auto image = ListImage::over(opened->file_->bytes());
  if (!image) {
    return base::fail(
        base::ErrorType::proxy_internal_error,
        "The image " + path + " can't be read: " + std::string(image.error().detail()));
  }
  opened->image_ = *std::move(image);
  return opened;
}

bool ListFile::checksum_holds() const {
  const bool holds = image_->checksum_holds();
  file_->forget_from(image_->domains().hot_bytes());
  return holds;
}

}  // namespace weir::match
