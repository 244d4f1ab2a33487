// Code that the targets share: input that comes in pieces, and functions that feed it to the
// codec's readers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/method.h"
#include "plain_parser.h"

namespace weir::fuzz {

/// Splits bytes into pieces, by a seed from the input: 0 leaves them whole, 1 makes pieces of one
/// byte.
class Pieces {
 public:
  Pieces(std::string_view bytes, uint8_t seed) : left_(bytes), seed_(seed), state_(seed) {}
  /// Each piece is a separate copy, so that ASan sees a read beyond it. False at the end.
  bool next(std::unique_ptr<char[]>& piece, size_t& size);

 private:
  std::string_view left_;
  uint8_t seed_;
  uint32_t state_;
};

/// Stops the program if `fact` is false; libFuzzer then keeps the input.
void hold(bool fact, const char* what);

/// Reads one message with the codec, including its target.
Message drive_request(std::string_view bytes, uint8_t seed);
Message drive_response(std::string_view bytes, uint8_t seed, http::Method request_method);
/// Reads the chunked coding alone.
Message drive_chunked(std::string_view bytes, uint8_t seed, bool from_client);

}  // namespace weir::fuzz
