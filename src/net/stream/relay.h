// Two streams joined: what comes in at one goes out at the other.
#pragma once
#include <cstdint>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/error.h"
#include "base/memory.h"

namespace weir::net {

/// What each side gets before anything else, and where the bytes are counted. The counters outlive
/// the relay.
struct RelayStart {
  base::Slice for_client;
  base::Slice for_origin;
  uint64_t* sent_to_client;
  uint64_t* sent_to_origin;
};

/// Carries bytes both ways until both sides have ended; an end on one side is passed on and the
/// other direction goes on (half-close). Ends with an error if a side fails, or if nothing moved
/// either way for `idle_ms`; a way that is blocked is not idle while the other one moves. Unless
/// both sides ended by themselves the origin's connection is reset, also if the task is cancelled;
/// the client's too, unless the origin had ended by itself. An idle relay holds no buffer and one
/// frame.
async::Task<base::Result<void>> relay(async::ByteStream& client, async::ByteStream& origin,
                                      RelayStart start, uint64_t idle_ms);

}  // namespace weir::net
