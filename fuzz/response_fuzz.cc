// A response, head and content, as request_fuzz.cc; the first byte also says which request was
// sent.
#include "drive.h"

using namespace weir::fuzz;
using weir::http::Method;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr Method kMethods[] = {Method::get, Method::get, Method::head, Method::connect};
  const Method method = kMethods[data[0] >> 6];
  Message whole = drive_response(bytes, 0, method);
  Message cut = drive_response(bytes, data[0] & 0x3f, method);
  hold(whole.outcome == cut.outcome, "the outcome does not depend on the cutting");
  if (whole.outcome != Message::Outcome::refused)
    hold(whole == cut, "the message does not depend on the cutting");
  return 0;
}
