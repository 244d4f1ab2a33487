#include "net/stream/splice.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

namespace weir::net {
namespace {

constexpr int kPipeBytes = 256 * 1024;
constexpr size_t kTrickle = 16 * 1024;
constexpr int kTricklesBeforeLeaving = 4;

std::atomic<uint32_t> most_pipes{256};
std::atomic<uint32_t> live_pipes{0};

/// A pipe, one of this thread's few spare ones if there are any. A pipe that still holds bytes when
/// it is given back is closed.
class Pipe {
 public:
  Pipe() {
    if (!spare().empty()) {
      ends_ = spare().back();
      spare().pop_back();
    } else {
      int ends[2];
      if (live_pipes.fetch_add(1, std::memory_order_relaxed) >=
          most_pipes.load(std::memory_order_relaxed)) {
        error_ = EMFILE;
      } else if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
        error_ = errno;
      }
      if (error_ != 0) {
        live_pipes.fetch_sub(1, std::memory_order_relaxed);
        return;
      }
      ends_ = {ends[0], ends[1]};
      fcntl(ends_.second, F_SETPIPE_SZ,
            kPipeBytes);  // Refused above the user's share; the default size works too.
    }
  }
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    if (error_ != 0) return;
    if (held_ == 0 && spare().size() < kMaxSpare) {
      spare().push_back(ends_);
    } else {
      shut(ends_);
      took(-static_cast<ssize_t>(held_));
    }
  }
  int error() const { return error_; }
  int out() const { return ends_.first; }
  int in() const { return ends_.second; }

  size_t held() const { return held_; }
  /// The pipe holds `bytes` more, or less if negative.
  void took(ssize_t bytes) {
    held_ += static_cast<size_t>(bytes);
    base::Account::charge(base::Holding::pipes, bytes);
  }

 private:
  static constexpr size_t kMaxSpare = 16;
  using Ends = std::pair<int, int>;
  static void shut(const Ends& ends) {
    close(ends.first);
    close(ends.second);
    live_pipes.fetch_sub(1, std::memory_order_relaxed);
  }
  struct Spare : std::vector<Ends> {
    Spare() { reserve(kMaxSpare); }  // So that giving back a pipe allocates no memory.
    ~Spare() {
      for (const Ends& ends : *this) shut(ends);
    }
  };
  static Spare& spare() {
    thread_local Spare pipes;
    return pipes;
  }
  size_t held_ = 0;
  Ends ends_{-1, -1};
  int error_ = 0;
};

ssize_t splice_once(int from, int to, size_t size) {
  ssize_t n;
  do {
    n = splice(from, nullptr, to, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

/// splice(2) does not pass urgent data: it reports that there is nothing, or the end if the peer
/// has ended, even if bytes follow.
bool more_is_there(int from) {
  char byte;
  return recv(from, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Spliced failed(Spliced::Why why, ssize_t error) {
  return {why, static_cast<int>(error)};
}

}  // namespace

void set_most_pipes(uint32_t most) {
  most_pipes.store(most, std::memory_order_relaxed);
}

async::Task<Spliced> splice_bytes(async::ByteStream& from, async::ByteStream& to, uint64_t limit,
                                  uint64_t from_silence_ms, uint64_t to_silence_ms,
                                  uint64_t* moved) {
  auto& loop = async::EventLoop::current();
  Pipe pipe;
  if (pipe.error() != 0) co_return Spliced{Spliced::Why::trickle, 0};
  int trickles = 0;
  while (limit > 0) {
    const ssize_t ready = co_await from.until_readable(loop.now_ms() + from_silence_ms);
    if (ready < 0) co_return failed(Spliced::Why::from_failed, ready);
    // Memory is scarce: stop, since copying holds only a block, which is less than a pipe may hold.
    if (base::Account::stand() != base::Memory::enough) co_return Spliced{Spliced::Why::trickle, 0};
    const ssize_t n =
        splice_once(from.plain_descriptor(), pipe.in(), std::min<uint64_t>(limit, kPipeBytes));
    // A read() skips the urgent mark, which splice can't: fall back to copying. The stream stays
    // readable until then.
    if ((n == 0 || (n == -EAGAIN && from.readiness().urgent)) &&
        more_is_there(from.plain_descriptor()))
      co_return Spliced{Spliced::Why::trickle, 0};
    if (n == -EAGAIN) {
      from.readiness().readable = false;
      continue;
    }
    if (n < 0) co_return failed(Spliced::Why::from_failed, n);
    if (n == 0) co_return Spliced{Spliced::Why::end, 0};
    pipe.took(n);
    limit -= pipe.held();
    trickles = pipe.held() < kTrickle ? trickles + 1 : 0;
    while (pipe.held() > 0) {
      const ssize_t writable = co_await to.until_writable(loop.now_ms() + to_silence_ms);
      if (writable < 0) co_return failed(Spliced::Why::to_failed, writable);
      const ssize_t out = splice_once(pipe.out(), to.plain_descriptor(), pipe.held());
      if (out == -EAGAIN) {
        to.readiness().writable = false;
        continue;
      }
      // The kernel's own ETIMEDOUT means that the peer has vanished; only a deadline is a silence.
      if (out == 0 || out == -ETIMEDOUT) co_return failed(Spliced::Why::to_failed, -EPIPE);
      if (out < 0) co_return failed(Spliced::Why::to_failed, out);
      pipe.took(-out);
      *moved += static_cast<uint64_t>(out);
      loop.spend(static_cast<size_t>(out));
    }
    if (trickles >= kTricklesBeforeLeaving && limit > 0)
      co_return Spliced{Spliced::Why::trickle, 0};
  }
  co_return Spliced{Spliced::Why::limit, 0};
}

}  // namespace weir::net
