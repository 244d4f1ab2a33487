// The sections of an image on their way into a sink.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "match/domain_set_layout.h"

namespace weir::match {

/// Takes the bytes of an image, in order, in pieces.
using ImageSink = std::function<base::Result<void>(std::span<const std::byte>)>;

/// Collects small pieces into larger ones, pads sections and adds up the checksum. After the sink
/// has failed nothing more is given to it, and finish() returns its error.
class ImageWriter {
 public:
  /// `begin`: of the checksum.
  explicit ImageWriter(const ImageSink& sink, uint64_t begin = kDomainSetMagic)
      : sink_(sink), checksum_(begin) {
    buffer_.reserve(kBufferBytes);
  }

  void append(std::span<const std::byte> bytes);
  template <class T>
  void append_value(const T& value) {
    append(std::as_bytes(std::span(&value, 1)));
  }
  /// Fills up with zeros to where the next section may begin.
  void end_section();
  /// Writes the trailer.
  base::Result<void> finish();
  /// Bytes that were appended so far, with what they were filled up with.
  size_t size() const { return flushed_ + buffer_.size(); }

 private:
  // A multiple of the checksum's step.
  static constexpr size_t kBufferBytes = size_t{1} << 16;

  void flush();

  const ImageSink& sink_;
  std::vector<std::byte> buffer_;
  size_t flushed_ = 0;
  ImageChecksum checksum_;
  base::Result<void> result_;
};

}  // namespace weir::match
