// A configuration made ready for all workers, at start and at a reload.
#pragma once
#include <expected>
#include <functional>
#include <string>

#include "proxy/listeners.h"
#include "proxy/snapshot.h"

namespace weir::proxy {

struct MadeSnapshot {
  SnapshotRef snapshot;
  /// To be committed by whoever takes the snapshot.
  Listeners::Change change;
};

/// Opens what `config` names: the password file, listening sockets, the access log. `before` is
/// what runs; null at start. `refuses` says why the listeners can't be taken, or nothing. Where
/// anything fails nothing has changed, and the error is a line for a person. Of the main thread.
std::expected<MadeSnapshot, std::string> make_snapshot(
    const Config& config, const Snapshot* before, const Listeners& listeners,
    const std::string& via, const std::function<std::string(const Listeners::Change&)>& refuses);

}  // namespace weir::proxy
