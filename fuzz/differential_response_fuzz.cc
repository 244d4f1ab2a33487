// As differential_fuzz.cc, for an origin's bytes: one response after another, including interim
// ones. The first byte also says which request was sent.
#include "drive.h"

using namespace weir::fuzz;
using weir::http::Method;
using Outcome = Message::Outcome;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::pair<Method, const char*> kMethods[] = {{Method::get, "GET"},
                                                         {Method::post, "POST"},
                                                         {Method::head, "HEAD"},
                                                         {Method::connect, "CONNECT"}};
  const auto& [method, name] = kMethods[data[0] >> 6];
  for (int responses = 0; responses < 10 && !bytes.empty(); ++responses) {
    const Message plain = plain_response(std::string(bytes), name);
    const Message real = drive_response(bytes, data[0] & 0x3f, method);
    if (real.outcome == Outcome::accepted) {
      hold(plain.outcome == Outcome::accepted, "what the codec accepts the plain reader accepts");
      hold(plain == real, "both read the same response");
    }
    if (real.head_done) {
      hold(plain.head_done, "a head that the codec accepts the plain reader accepts");
      hold(plain.status == real.status && plain.reason == real.reason &&
               plain.minor_version == real.minor_version && plain.fields == real.fields &&
               plain.framing == real.framing,
           "both read the same head");
      // Content that ends with the connection is everything that has come.
      if (real.framing == "close")
        hold(plain.content == real.content, "both read the same content");
    }
    if (plain.outcome == Outcome::accepted)
      hold(real.outcome != Outcome::incomplete, "the codec does not wait after a response's end");
    if (real.outcome != Outcome::accepted || real.consumed == 0) return 0;
    // Both readers must agree where a response ends, since the next one begins there.
    bytes.remove_prefix(real.consumed);
  }
  return 0;
}
