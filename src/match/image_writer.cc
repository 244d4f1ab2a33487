#include "match/image_writer.h"

#include <algorithm>

namespace weir::match {

void ImageWriter::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const size_t fits = std::min(bytes.size(), kBufferBytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(fits));
    bytes = bytes.subspan(fits);
    if (buffer_.size() == kBufferBytes) flush();
  }
}

void ImageWriter::end_section() {
  buffer_.resize(aligned(buffer_.size()));
  if (buffer_.size() == kBufferBytes) flush();
}

base::Result<void> ImageWriter::finish() {
  flush();
  append_value(DomainSetTrailer(checksum_.value()));
  flush();
  return result_;
}

void ImageWriter::flush() {
  checksum_.add(buffer_);
  if (result_ && !buffer_.empty()) result_ = sink_(buffer_);
  flushed_ += buffer_.size();
  buffer_.clear();
}

}  // namespace weir::match
