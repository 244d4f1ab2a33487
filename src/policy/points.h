// What is known of a request at each point where rules are asked about it. Whoever decides and
// whoever explains take the facts from here, so that they are the same.
#pragma once
#include <optional>
#include <string_view>

#include "policy/rulebook.h"

namespace weir::policy {

/// What the points behind `point` will know. `opened`: what a CONNECT carries is opened, and each
/// request inside is asked about. Where it is not, what it carries stays unknown. Whether its
/// ClientHello names a server is known when the tunnel is there already, which is too late for an
/// allow.
FactSet known_later(Point point, bool connect, bool opened);

/// The views of all these are into the question, the book and the other arguments.

/// Weir is about to connect to that address.
Facts facts_at_address(const Rulebook& book, const Question& question,
                       const base::IpAddress& address);
/// A CNAME record leads to that name.
Facts facts_at_alias(const Rulebook& book, const Question& question, std::string_view name);
/// Whether an alias does not stop the request: it is refused by a rule alone that stands before the
/// one by which the host itself was allowed, which has that Outcome::position.
bool alias_passes(const Outcome& outcome, size_t position);
/// A ClientHello has come, which has that name or (empty) none. `peer`: where Weir is connected to,
/// if it is.
Facts facts_at_server_name(const Rulebook& book, const Question& question,
                           const std::optional<base::IpAddress>& peer, std::string_view name);
/// The response's head has come. `content_type` is in lower case, without parameters.
Facts facts_at_response(const Rulebook& book, const Question& question,
                        const std::optional<base::IpAddress>& peer, std::string_view content_type,
                        std::optional<uint64_t> size);

}  // namespace weir::policy
