#include "config/checks.h"

#include "config/all_keys.h"
#include "match/address_class.h"

namespace weir::config {

namespace {

/// True if two sockets can't bind both: the addresses are the same, or one is all addresses of that
/// family. Port 0 never collides.
bool collide(const base::Endpoint& a, const base::Endpoint& b) {
  if (a.port != b.port || a.port == 0 || a.address.family() != b.address.family()) return false;
  return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

void check_reach(const ListenerConfig& listener, const TableSource& source, Mistakes& mistakes) {
  if (!is_reachable(listener)) return;
  const std::vector<Place>& places = Sources::find(source, "address")->elements;
  for (size_t i = 0; i < listener.addresses.size(); ++i) {
    if (match::binds_this_machine_only(listener.addresses[i].address)) continue;
    if (listener.clients.empty()) {
      mistakes.add(
          places[i],
          "other machines can reach " + listener.addresses[i].text() + ", and there are no clients",
          "the networks that may use it, such as clients = [\"192.168.0.0/16\"], or an address of "
          "this machine alone, such "
          "as \"127.0.0.1:" +
              std::to_string(listener.addresses[i].port) + '"');
    }
    const ValueSource* const is_private = Sources::find(source, "private");
    if (is_private && listener.policy.private_allowed) {
      mistakes.add(
          is_private->at,
          "private is \"allow\" where other machines can reach " + listener.addresses[i].text(),
          "what they may reach by name or network, such as allow = [\"wiki.lan\", "
          "\"192.168.0.0/16\"]");
    }
    return;
  }
}

/// A place, described for a reader who is at `here`.
std::string seen_from(const Place& here, const Place& place, const Mistakes& mistakes) {
  if (place.file == here.file) return "line " + std::to_string(place.at.line);
  return mistakes.text_of(place);
}

void check_collisions(const Config& config, const Sources& sources, Mistakes& mistakes) {
  std::vector<std::pair<base::Endpoint, Place>> seen;
  const auto listeners = sources.tables(kListener);
  for (size_t i = 0; i < listeners.size(); ++i) {
    for (size_t j = 0; j < config.listeners[i].addresses.size(); ++j) {
      const base::Endpoint& endpoint = config.listeners[i].addresses[j];
      const Place& at = Sources::find(listeners[i], "address")->elements[j];
      for (const auto& [other, where] : seen) {
        if (!collide(endpoint, other)) continue;
        mistakes.add(at,
                     endpoint.text() + " collides with " + other.text() + " in " +
                         seen_from(at, where, mistakes),
                     "each address and port once");
        break;
      }
      seen.emplace_back(endpoint, at);
    }
  }
}

/// `no_opaque_ports` needs the inside of tunnels, which `serve = "never"` never looks into.
void check_serve(const Config& config, const Sources& sources, Mistakes& mistakes) {
  const ValueSource* const serve = sources.find("tunnel", "serve");
  if (config.tunnel.serve != tunnel::Serve::never || config.tunnel.no_opaque_ports.empty() ||
      !serve)
    return;
  mistakes.add(serve->at,
               "serve is \"never\" beside no_opaque_ports, which need the inside of their tunnels",
               "\"needed\" or \"always\", or no no_opaque_ports");
}

/// Without a file of logins nobody can log in, and nobody would be asked.
void check_login(const Config& config, const Sources& sources, Mistakes& mistakes) {
  if (!config.login.file.empty()) return;
  const auto listeners = sources.tables(kListener);
  for (size_t i = 0; i < listeners.size(); ++i) {
    if (config.listeners[i].login.required != true) continue;
    mistakes.add(Sources::find(listeners[i], "login")->at,
                 "login is true, and there is no file of logins",
                 "one, such as file = \"/etc/weir/htpasswd\" in [login]");
  }
}

}  // namespace

void check(const Config& config, const Sources& sources, Mistakes& mistakes) {
  const auto listeners = sources.tables(kListener);
  for (size_t i = 0; i < listeners.size(); ++i)
    check_reach(config.listeners[i], listeners[i], mistakes);
  check_collisions(config, sources, mistakes);
  check_serve(config, sources, mistakes);
  check_login(config, sources, mistakes);
}

}  // namespace weir::config
