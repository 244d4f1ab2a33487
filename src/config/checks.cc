#include "config/checks.h"

#include "match/address_class.h"

namespace weir::config {

namespace {

/// True if two sockets can't bind both: the addresses are the same, or one is all addresses of that
/// family. Port 0 never collides.
bool collide(const base::Endpoint& a, const base::Endpoint& b) {
  if (a.port != b.port || a.port == 0 || a.address.family() != b.address.family()) return false;
  return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

void check_reach(const ListenerConfig& listener, const ListenerSource& source,
                 const AddMistake& add) {
  if (!is_reachable(listener)) return;
  for (size_t i = 0; i < listener.addresses.size(); ++i) {
    if (match::binds_this_machine_only(listener.addresses[i].address)) continue;
    if (listener.clients.empty()) {
      add(source.addresses[i],
          "other machines can reach " + listener.addresses[i].text() + ", and there are no clients",
          "the networks that may use it, such as clients = [\"192.168.0.0/16\"], or an address of "
          "this machine alone, such "
          "as \"127.0.0.1:" +
              std::to_string(listener.addresses[i].port) + '"');
    }
    if (source.private_at && listener.policy.private_allowed) {
      add(*source.private_at,
          "private is \"allow\" where other machines can reach " + listener.addresses[i].text(),
          "what they may reach by name or network, such as allow = [\"wiki.lan\", "
          "\"192.168.0.0/16\"]");
    }
    return;
  }
}

void check_collisions(const Config& config, const Sources& sources, const AddMistake& add) {
  std::vector<std::pair<base::Endpoint, Position>> seen;
  for (size_t i = 0; i < sources.listeners.size(); ++i) {
    for (size_t j = 0; j < config.listeners[i].addresses.size(); ++j) {
      const base::Endpoint& endpoint = config.listeners[i].addresses[j];
      const Position at = sources.listeners[i].addresses[j];
      for (const auto& [other, where] : seen) {
        if (!collide(endpoint, other)) continue;
        add(at,
            endpoint.text() + " collides with " + other.text() + " in line " +
                std::to_string(where.line),
            "each address and port once");
        break;
      }
      seen.emplace_back(endpoint, at);
    }
  }
}

/// `no_opaque_ports` needs the inside of tunnels, which `serve = "never"` never looks into.
void check_serve(const Config& config, const Sources& sources, const AddMistake& add) {
  if (config.tunnel.serve != tunnel::Serve::never || config.tunnel.no_opaque_ports.empty() ||
      !sources.serve)
    return;
  add(*sources.serve,
      "serve is \"never\" beside no_opaque_ports, which need the inside of their tunnels",
      "\"needed\" or \"always\", or no no_opaque_ports");
}

}  // namespace

void check(const Config& config, const Sources& sources, const AddMistake& add) {
  for (size_t i = 0; i < sources.listeners.size(); ++i)
    check_reach(config.listeners[i], sources.listeners[i], add);
  check_collisions(config, sources, add);
  check_serve(config, sources, add);
}

}  // namespace weir::config
