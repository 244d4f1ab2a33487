#include "http/session.h"

#include <algorithm>
#include <utility>

#include "http/head.h"

namespace weir::http {

bool is_for_opened(const Session& session, const RequestHead& head) {
  const Target& target = head.target;
  if (head.method == Method::connect || target.scheme != session.scheme ||
      target.port != session.opened_port)
    return false;
  return target.host ==
         (session.inner_host.empty() ? session.opened_host : session.inner_host).view();
}

std::string authority_key(std::string_view host, uint16_t port) {
  std::string key;
  key.reserve(host.size() + 8);
  const bool brackets = host.find(':') != std::string_view::npos;
  if (brackets) key += '[';
  key += host;
  if (brackets) key += ']';
  key += ':';
  key += std::to_string(port);
  return key;
}

base::Ref<PinnedConnection> Pins::take(std::string_view authority) {
  for (Pin& pin : pins_) {
    if (pin.authority != authority) continue;
    if (pin.connection) pin.connection->watch({});
    return std::move(pin.connection);
  }
  return nullptr;
}

bool Pins::has(std::string_view authority) const {
  return std::ranges::any_of(pins_, [&](const Pin& pin) { return pin.authority == authority; });
}

bool Pins::holds(std::string_view authority) const {
  return std::ranges::any_of(
      pins_, [&](const Pin& pin) { return pin.connection && pin.authority == authority; });
}

void Pins::activity() {
  if (std::exchange(lost_, true)) return;
  if (on_lost) on_lost();
}

void Pins::put(std::string authority, base::Ref<PinnedConnection> connection) {
  connection->watch(base::Callback<>::to<&Pins::activity>(*this));
  for (Pin& pin : pins_) {
    if (pin.authority == authority) {
      pin.connection = std::move(connection);
      return;
    }
  }
  if (!full()) pins_.push_back({std::move(authority), std::move(connection)});
}

void Pins::lose(std::string_view authority) {
  lost_ = true;
  std::erase_if(pins_, [&](const Pin& pin) { return pin.authority == authority; });
}

}  // namespace weir::http
