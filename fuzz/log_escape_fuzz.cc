// Any bytes in a log line: they must become one quoted word of printable ASCII, from which the
// bytes can be restored.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string out, again;
  weir::base::append_escaped_for_log(out, text);
  for (size_t i = 0; i < out.size(); ++i) {
    const char c = out[i];
    if (c < 0x20 || c > 0x7e || c == '"') std::abort();
    if (c != '\\')
      again += c;
    else if (out.at(++i) != 'x')
      again += out[i];
    else
      again += static_cast<char>(std::stoi(out.substr(i + 1, 2), nullptr, 16)), i += 2;
  }
  if (again != text) std::abort();
  return 0;
}
