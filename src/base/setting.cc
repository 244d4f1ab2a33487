#include "base/setting.h"

namespace weir::base {

Taken add_network(std::vector<Cidr>& to, std::string_view text) {
  auto network = Cidr::parse(text);
  if (!network) return std::unexpected(std::string(network.error().detail()));
  to.push_back(*network);
  return {};
}

std::string network_text(const Cidr& network) {
  const bool single = network.prefix() == network.address().size() * 8;
  return single ? network.address().text() : network.text();
}

}  // namespace weir::base
