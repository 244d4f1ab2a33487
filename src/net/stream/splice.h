// Moves bytes from one socket to another inside the kernel (splice(2)).
#pragma once
#include <cerrno>
#include <cstdint>

#include "async/byte_stream.h"
#include "async/task.h"

namespace weir::net {

/// For less than this, copying is cheaper than a pipe: measured, see docs/design/bulk.md.
inline constexpr uint64_t kWorthSplicing = 64 * 1024;

/// Sets how many pipes the process may have open at once, two descriptors each; beyond that,
/// content is copied. Any thread.
void set_most_pipes(uint32_t most);

struct Spliced {
  enum class Why : uint8_t {
    limit,    // `limit` bytes have been moved.
    end,      // `from` has ended.
    trickle,  // Little comes at a time: copying is cheaper now. Or memory is scarce, and a block
              // holds less.
    from_failed,  // error: -errno, -ETIMEDOUT for silence.
    to_failed,
  };
  Why why = Why::limit;
  int error = 0;
};
inline Spliced after_exception(const Spliced*) {
  return {Spliced::Why::from_failed, -ENOMEM};
}

/// Moves at most `limit` bytes from one plain stream to another. Ends if `from` sends nothing for
/// `from_silence_ms`, or `to` accepts nothing for `to_silence_ms`. `moved` is raised as bytes go
/// out at `to`, also if the task is cancelled.
async::Task<Spliced> splice_bytes(async::ByteStream& from, async::ByteStream& to, uint64_t limit,
                                  uint64_t from_silence_ms, uint64_t to_silence_ms,
                                  uint64_t* moved);

}  // namespace weir::net
