// A DNS message as the answer to a question. The first byte says to which question.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/dns/resolver_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  if (size < 1) return 0;
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto family = data[0] & 1 ? base::IpFamily::v6 : base::IpFamily::v4;
  const auto answer =
      net::read_dns_answer(message, data[0] & 2 ? "a.test" : "www.example.org", family);
  const auto addresses = answer.lookup.addresses();
  if (answer.lookup.outcome == net::Lookup::Outcome::ok && addresses.empty()) std::abort();
  for (const auto& address : addresses) {
    if (address.family() != family) std::abort();
  }
  return 0;
}
