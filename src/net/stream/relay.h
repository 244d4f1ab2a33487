// Joins two streams: what arrives at one is sent to the other.
#pragma once
#include <cstdint>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/allowance.h"
#include "base/error.h"
#include "base/memory.h"

namespace weir::net {

/// The first bytes for each side, and the counters of the bytes sent. The counters outlive the
/// relay.
struct RelayStart {
  base::Slice for_client;
  base::Slice for_origin;
  uint64_t* sent_to_client;
  uint64_t* sent_to_origin;
  /// Read anew for each portion; may be null, and so may what it refers to. Outlives the relay.
  const base::Ref<base::Allowance>* allowance = nullptr;
};

/// Carries bytes both ways until both sides have ended. When one side ends, the end is passed on
/// and the other direction continues (half-close). Fails if a side fails, or if nothing moved in
/// either direction for `idle_ms`; a blocked direction is not idle while the other one moves,
/// and a pause that the allowance asks for is no idleness. Fails with what the allowance says once
/// it is used up.
/// Unless both sides ended by themselves, the origin's connection is reset, also if the task is
/// cancelled; the client's is reset too, unless the origin had ended by itself. An idle relay holds
/// no buffer, and one coroutine frame.
async::Task<base::Result<void>> relay(async::ByteStream& client, async::ByteStream& origin,
                                      RelayStart start, uint64_t idle_ms);

}  // namespace weir::net
