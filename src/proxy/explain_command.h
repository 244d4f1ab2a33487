// `weir explain`, as a running Weir answers it.
#pragma once
#include "control/command.h"
#include "proxy/kept_snapshot.h"

namespace weir::proxy {

/// The words are the form of the answer, the body is a question in JSON. Any thread; uses no more
/// than what the snapshot shares.
control::Answer explain(const KeptSnapshot::View& snapshot, const control::Request& request);

}  // namespace weir::proxy
