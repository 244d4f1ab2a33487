// One configuration and what was made from it, shared by all workers.
#pragma once
#include <memory>

#include "journal/log_target.h"
#include "proxy/config.h"
#include "proxy/pipeline.h"

namespace weir::proxy {

/// Immutable; a reload replaces it as a whole.
struct Snapshot {
  Config config;
  /// What pipelines are made from; they keep it longer than the snapshot, and without the log.
  std::shared_ptr<const PipelineParts> parts;
  journal::LogSetting log;
};
using SnapshotRef = std::shared_ptr<const Snapshot>;

}  // namespace weir::proxy
