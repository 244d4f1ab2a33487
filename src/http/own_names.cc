#include "http/own_names.h"

#include <algorithm>

#include "http/head.h"

namespace weir::http {

bool OwnNames::answers(const RequestHead& head, const Session& session) const {
  if (head.method == Method::connect) return is_own_name(head.target.host);
  return session.own || covers(head.target, session);
}

bool OwnNames::covers(const Target& target, const Session& session) const {
  // A request of Weir's own: Weir's pages are for clients.
  if (session.local.port == 0 || target.scheme == Scheme::https) return false;
  const uint16_t local_port = session.local.port;
  if (target.host == own_name_) return target.port == 80 || target.port == local_port;
  if (target.port != local_port &&
      std::ranges::find(listening_, target.port, &base::Endpoint::port) == listening_.end())
    return false;
  if (target.literal) {
    const auto address = base::IpAddress::parse(target.host);
    if (!address) return false;
    const base::Endpoint asked{*address, target.port};
    return asked == session.local || std::ranges::find(listening_, asked) != listening_.end();
  }
  if (target.host != "localhost" || target.port != local_port) return false;
  const auto& bytes = session.local.address.bytes();
  return session.local.address.is_v4() ? bytes[0] == 127
                                       : session.local.address == *base::IpAddress::parse("::1");
}

}  // namespace weir::http
