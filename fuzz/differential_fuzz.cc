// Compares the codec with a plain second reader: the codec may refuse more, never accept more, and
// if both accept they must agree.
#include <algorithm>

#include "base/text.h"
#include "drive.h"

using namespace weir::fuzz;
using Outcome = Message::Outcome;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Message plain = plain_request(std::string(bytes));
  Message real = drive_request(bytes, data[0]);
  // RFC 9110, 10.1.1: Expect of an HTTP/1.0 request is ignored, and the codec drops it.
  if (plain.minor_version == 0) {
    std::erase_if(plain.fields, [](const auto& field) {
      return weir::base::equal_ignoring_case(field.first, "Expect");
    });
  }
  if (real.outcome == Outcome::accepted) {
    hold(plain.outcome == Outcome::accepted, "what the codec accepts the plain reader accepts");
    hold(plain == real, "both read the same message");
  }
  if (real.head_done) {
    hold(plain.head_done, "a head that the codec accepts the plain reader accepts");
    hold(plain.method == real.method && plain.target == real.target &&
             plain.fields == real.fields && plain.framing == real.framing,
         "both read the same head");
  }
  if (plain.outcome == Outcome::accepted)
    hold(real.outcome != Outcome::incomplete, "the codec does not wait after a message's end");
  return 0;
}
