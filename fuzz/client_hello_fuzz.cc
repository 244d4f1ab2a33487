// A TLS ClientHello: a decision about its first bytes must not change later. The first byte says
// how many bytes come first.
#include "codec/tls/client_hello.h"
#include "drive.h"

using namespace weir;
using fuzz::hold;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string begin(bytes.substr(0, bytes.size() * data[0] / 255));
  tls::ClientHello first, whole;
  const tls::Seen early = tls::parse_client_hello(begin, first);
  const tls::Seen late = tls::parse_client_hello(bytes, whole);
  if (early != tls::Seen::need_more) hold(early == late, "a verdict is not taken back");
  if (early == tls::Seen::hello)
    hold(first.sni == whole.sni && first.alpn == whole.alpn, "a ClientHello reads the same");
  if (late == tls::Seen::hello) hold(whole.alpn.size() <= tls::kMostProtocols, "ALPN is bounded");
  return 0;
}
