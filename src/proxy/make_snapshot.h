// Makes a configuration ready for all workers, at start and at a reload.
#pragma once
#include <expected>
#include <functional>
#include <string>

#include "proxy/listeners.h"
#include "proxy/rules_now.h"
#include "proxy/snapshot.h"

namespace weir::proxy {

/// What opens TLS, and what clients have to trust for that; empty: nothing does.
struct FoundAuthority {
  std::shared_ptr<intercept::Leaves> leaves;
  std::vector<own::Authority> offered;
};

struct MadeSnapshot {
  SnapshotRef snapshot;
  /// The caller commits this when it uses the snapshot.
  Listeners::Change change;
};

/// Opens what `config` names: the password file, listening sockets, the access log. `before` is the
/// running snapshot; null at start. `beside` is for its rules; `authority`: what opens TLS.
/// `refuses` returns why the listeners can't be used, or an empty text. On failure nothing has
/// changed, and the error is one line for a person. Main thread only.
std::expected<MadeSnapshot, std::string> make_snapshot(
    const Config& config, const Snapshot* before, const Listeners& listeners, BesideRules beside,
    FoundAuthority authority, const std::string& via,
    const std::function<std::string(const Listeners::Change&)>& refuses);

}  // namespace weir::proxy
