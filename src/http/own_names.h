// The names under which Weir itself can be reached.
#pragma once
#include <string>
#include <vector>

#include "base/ip.h"
#include "http/session.h"
#include "http/target.h"

namespace weir::http {

/// Immutable; part of a configuration.
class OwnNames {
 public:
  /// `own_name` is in lower case; `listening` has the ports that were really bound.
  OwnNames(std::string own_name, std::vector<base::Endpoint> listening)
      : own_name_(std::move(own_name)), listening_(std::move(listening)) {}

  /// Whether the target is Weir itself: its own name (on port 80 or the listener's port), or the
  /// listener's address given literally; on a loopback listener also `localhost`.
  /// False in a session that came to no listener (without `local`).
  bool covers(const Target& target, const Session& session) const;
  /// Whether Weir itself answers the request. A CONNECT names Weir by its own name alone: one to a
  /// listener's address meets the rules like any other. `head` has its target.
  bool answers(const RequestHead& head, const Session& session) const;
  bool is_own_name(std::string_view host) const { return host == own_name_; }
  const std::string& own_name() const { return own_name_; }

 private:
  std::string own_name_;
  std::vector<base::Endpoint> listening_;
};

}  // namespace weir::http
