// A request, head and content: the result must not depend on how the bytes are split. The first
// byte says how.
#include "drive.h"

using namespace weir::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Message whole = drive_request(bytes, 0);
  Message cut = drive_request(bytes, data[0]);
  hold(whole.outcome == cut.outcome, "the outcome does not depend on the cutting");
  if (whole.outcome != Message::Outcome::refused)
    hold(whole == cut, "the message does not depend on the cutting");
  return 0;
}
