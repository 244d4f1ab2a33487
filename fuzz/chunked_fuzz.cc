// The chunked coding alone. The first byte says how the input is split and, by its highest bit,
// whether a client sent it.
#include "drive.h"

using namespace weir::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Message whole = drive_chunked(bytes, 0, data[0] >> 7);
  Message cut = drive_chunked(bytes, data[0] & 0x7f, data[0] >> 7);
  hold(whole.outcome == cut.outcome, "the outcome does not depend on the cutting");
  if (whole.outcome != Message::Outcome::refused)
    hold(whole == cut, "the content does not depend on the cutting");
  return 0;
}
