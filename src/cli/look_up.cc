#include "cli/look_up.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/ip.h"

namespace weir::cli {

std::expected<LookedUp, std::string> look_up(const std::string& name) {
  constexpr size_t kMost = 16;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
    return std::unexpected("no address of " + name + ": " + gai_strerror(error));
  LookedUp made;
  std::vector<std::string>& addresses = made.addresses;
  if (found && found->ai_canonname && found->ai_canonname != name)
    made.aliases = {found->ai_canonname};
  for (const addrinfo* each = found; each && addresses.size() < kMost; each = each->ai_next) {
    const auto address = base::IpAddress::from(each->ai_addr);
    if (address && std::ranges::find(addresses, address->text()) == addresses.end())
      addresses.push_back(address->text());
  }
  freeaddrinfo(found);
  if (addresses.empty()) return std::unexpected("no address of " + name);
  return made;
}

}  // namespace weir::cli
