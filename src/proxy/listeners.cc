#include "proxy/listeners.h"

#include <algorithm>
#include <cstring>

namespace weir::proxy {

bool Listeners::leaves(const Config& config, const base::Endpoint& endpoint) const {
  const auto named = [&](const base::Endpoint& wanted) {
    return std::ranges::any_of(config.listeners, [&](const auto& listener) {
      return std::ranges::find(listener.addresses, wanted) != listener.addresses.end();
    });
  };
  return endpoint.port != 0 && std::ranges::any_of(known_, [&](const Known& known) {
           const bool overlaps = known.bound.address.is_unspecified() ||
                                 endpoint.address.is_unspecified() ||
                                 known.bound.address == endpoint.address;
           return known.open && known.bound.port == endpoint.port && overlaps &&
                  !named(known.wanted);
         });
}

namespace {
std::string cant_listen(const base::Endpoint& endpoint, int error) {
  return "can't listen on " + endpoint.address.text() + " port " + std::to_string(endpoint.port) +
         ": " + std::strerror(error);
}
}  // namespace

std::expected<Listeners::Change, std::string> Listeners::plan(const Config& config) const {
  Change change;
  change.opened.resize(workers_);
  for (const Known& known : known_)
    change.index_of.push_back(known.open || !known.use.expired() ? kLeft : kFree);
  for (size_t index = 0; index < config.listeners.size(); ++index) {
    const auto& addresses = config.listeners[index].addresses;
    uint16_t shared_port = 0;
    size_t here = 0;
    for (const base::Endpoint& wanted : addresses) {
      if (addresses.size() > 1 && !net::family_exists(wanted.address.family())) continue;
      size_t number = 0;
      while (number < known_.size() && !(known_[number].open && known_[number].wanted == wanted &&
                                         change.index_of[number] < 0))
        ++number;
      if (number < known_.size()) {
        change.index_of[number] = static_cast<int>(index);
        change.listening.push_back(known_[number].bound);
        change.bound[static_cast<uint32_t>(number)] = known_[number].bound;
        shared_port = known_[number].bound.port;
      } else {
        base::Endpoint endpoint = wanted;
        if (endpoint.port == 0) endpoint.port = shared_port;
        auto bound = net::bind_listeners(endpoint, workers_, leaves(config, endpoint));
        if (!bound) return std::unexpected(cant_listen(endpoint, bound.error().error));
        shared_port = bound->front().endpoint().port;
        change.listening.push_back(bound->front().endpoint());
        change.words.push_back("listening on " + bound->front().endpoint().text());
        const auto free = std::ranges::find(change.index_of, kFree);
        const auto fresh = static_cast<uint32_t>(free - change.index_of.begin());
        if (free == change.index_of.end()) change.index_of.push_back(kFree);
        change.index_of[fresh] = static_cast<int>(index);
        change.bound[fresh] = bound->front().endpoint();
        const auto use = std::make_shared<char>();
        change.fresh.push_back({fresh, Known{wanted, bound->front().endpoint(), use}});
        for (size_t worker = 0; worker < workers_; ++worker)
          change.opened[worker].push_back({fresh, use, std::move((*bound)[worker])});
      }
      ++here;
    }
    if (here == 0)
      return std::unexpected(
          "can't listen: this machine has none of the address families of listener " +
          std::to_string(index + 1));
  }
  for (uint32_t number = 0; number < known_.size(); ++number) {
    if (!known_[number].open || change.index_of[number] >= 0) continue;
    change.closed.push_back(number);
    change.words.push_back("no longer listening on " + known_[number].bound.text());
  }
  return change;
}

std::string Listeners::listen(const Change& change) {
  for (const WorkerSockets& sockets : change.opened) {
    for (const ListenerSocket& opened : sockets) {
      if (const int error = opened.socket.listen(); error != 0)
        return cant_listen(opened.socket.endpoint(), error);
    }
  }
  return {};
}

void Listeners::commit(const Change& change) {
  for (const uint32_t number : change.closed) known_[number].open = false;
  known_.resize(change.index_of.size());
  for (const auto& [number, known] : change.fresh) known_[number] = known;
}

}  // namespace weir::proxy
