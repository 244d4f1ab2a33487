#include "origin/connect/connector_error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace weir::origin {

using base::Error;
using base::ErrorType;

Error connect_error(std::string_view host, const base::Endpoint& to, int error) {
  const std::string name(host), port = std::to_string(to.port), address = to.address.text();
  switch (error) {
    case ECONNREFUSED:
      return Error(ErrorType::connection_refused,
                   name + " refused the connection on port " + port + ".");
    case ETIMEDOUT:
      return Error(ErrorType::connection_timeout,
                   name + " did not answer on port " + port + " in time.");
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return Error(ErrorType::connection_terminated,
                   name + " closed the connection on port " + port + " while it was being opened.");
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
      return Error(ErrorType::connection_limit_reached,
                   "No connection to " + name +
                       " could be opened: the proxy has reached the system's limit (" +
                       std::strerror(error) + ").",
                   error == EMFILE || error == ENFILE ? std::string(kOpenFiles) : std::string());
    case EADDRNOTAVAIL:
      // For IPv6, the machine has no address to connect from; for IPv4, it has run out of ports.
      if (to.address.is_v4()) {
        return Error(ErrorType::connection_limit_reached,
                     "No connection to " + name +
                         " could be opened: the proxy has no free port to connect from.");
      }
      [[fallthrough]];
    default: break;
  }
  std::string detail = "There is no way to reach " + name;
  if (name != address) detail += " at " + address;
  detail += " from here (" + std::string(std::strerror(error)) + ").";
  return Error(ErrorType::destination_ip_unroutable, std::move(detail));
}

int telling(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS: return 4;
    case ECONNREFUSED:
    case ECONNRESET: return 3;
    case ETIMEDOUT: return 2;
    default: return 1;
  }
}

Error dns_failure(std::string_view host, net::Lookup::Outcome v4, net::Lookup::Outcome v6) {
  using Outcome = net::Lookup::Outcome;
  const std::string name(host);
  const auto either = [&](Outcome outcome) { return v4 == outcome || v6 == outcome; };
  if (either(Outcome::timed_out)) {
    return Error(ErrorType::dns_timeout,
                 "The name servers did not answer in time for the name " + name + ".");
  }
  if (either(Outcome::busy)) {
    return Error(ErrorType::connection_limit_reached,
                 "The name " + name +
                     " could not be looked up: too many look-ups are under way (dns.lookups).");
  }
  if (either(Outcome::no_descriptor)) {
    return Error(ErrorType::connection_limit_reached,
                 "The name " + name +
                     " could not be looked up: the proxy has reached the system's limit (" +
                     std::strerror(EMFILE) + ").",
                 std::string(kOpenFiles));
  }
  if (either(Outcome::failed)) {
    return Error(ErrorType::dns_error,
                 "The name " + name +
                     " could not be looked up: the name servers failed or could not be reached.");
  }
  if (either(Outcome::not_found))
    return Error(ErrorType::dns_error, "The name " + name + " does not exist.");
  return Error(ErrorType::dns_error, "The name " + name + " has no address.");
}

}  // namespace weir::origin
