// The configuration's reader: it must give a configuration, or mistakes that can be printed.
#include <cstdint>
#include <cstdlib>

#include "config/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = weir::config::read({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (!read && read.error().empty()) std::abort();
  return 0;
}
