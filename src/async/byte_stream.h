// Streams of bytes, and the operations that wait for them.
#pragma once
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <initializer_list>

#include "async/event_loop.h"
#include "async/signal.h"
#include "base/callback.h"
#include "base/memory.h"

namespace weir::async {

class ReadOperation;
class WriteOperation;
class WaitOperation;

/// When a write is tried first. `together`, if it is small: behind all that is ready in this turn,
/// with the others of its kind. That is cheaper (the kernel's code and the worker's stay in the
/// caches, and a peer on this machine is woken once for many), and right where nothing more for the
/// same stream follows at once. Large ones hold too much meanwhile.
enum class WriteWhen : uint8_t { at_once, together };

namespace detail {
// Bases of Readiness, so that an alarm finds it without a pointer: streams are many.
struct ReadAlarm : Deadline {
  using Deadline::Deadline;
};
struct WriteAlarm : Deadline {
  using Deadline::Deadline;
};
}  // namespace detail

/// What is known of a stream without asking the kernel: flags that edges set and short reads clear;
/// who waits; until when. One reader and one writer at most. Of one worker.
class Readiness : private detail::ReadAlarm, private detail::WriteAlarm {
 public:
  Readiness();
  Readiness(const Readiness&) = delete;
  ~Readiness();

  bool readable = false;
  bool writable = true;
  /// The peer has shut its sending side (or more); the bytes before it may still be unread.
  bool peer_closed = false;
  /// Urgent data has come (RFC 9293, 3.8.5): a short read is no sign any more that there is nothing
  /// more.
  bool urgent = false;
  /// Reset, or closed both ways: nothing more can be sent.
  bool broken = false;

  /// Fired with `client_closed` when the stream breaks. Not owned; cleared by its owner.
  Interrupt* on_broken = nullptr;
  /// Called for every new edge with something to read, when no reader waits.
  base::Callback<> on_readable;

  /// Edges, from the kernel or from a test's stream.
  void became_readable();
  void became_writable();
  void became_broken();

  /// Ends the operations that wait now, and those that come, with -ECANCELED: another task has
  /// found that there is no point.
  void interrupt();
  bool interrupted() const { return interrupted_; }
  /// There is a point after all: operations that begin now go on.
  void take_interrupt_back() { interrupted_ = false; }

  /// Somebody waits to read, or to write.
  bool reader_waits() const { return reader_ != nullptr; }
  bool writer_waits() const { return writer_ != nullptr; }
  /// Whoever waits to read learns that its time is over.
  void expire_reader();

 private:
  friend class WaitOperation;
  Deadline& read_alarm() { return static_cast<detail::ReadAlarm&>(*this); }
  Deadline& write_alarm() { return static_cast<detail::WriteAlarm&>(*this); }
  static void wake(WaitOperation* operation);

  WaitOperation* reader_ = nullptr;
  WaitOperation* writer_ = nullptr;
  bool interrupted_ = false;
};

/// A stream: TCP now; TLS, an HTTP/2 stream, a test's memory later. Counts and results are as the
/// system calls have them: bytes, 0 for the end, or -errno, so that nothing is allocated for what
/// happens all the time; who calls knows which side it was and makes the Error. -ETIMEDOUT is a
/// deadline that passed, -ECANCELED an interrupt.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Never wait: -EAGAIN.
  virtual ssize_t try_read(char* to, size_t size) = 0;
  virtual ssize_t try_write(const iovec* pieces, int count) = 0;
  /// Sends the end, once what was written is sent.
  virtual void shut_down_writes() = 0;
  /// Makes closing send a reset: the peer must not take what it has for the whole.
  virtual void abort() = 0;
  /// Bytes that were written and that the peer has not got yet, as far as is known; asks the
  /// kernel.
  virtual size_t unsent() const { return 0; }
  /// The socket, if the kernel's bytes are the stream's bytes; else -1. For splice and sendfile
  /// inside async/ and net/ alone.
  virtual int plain_descriptor() const { return -1; }

  Readiness& readiness() { return readiness_; }

  /// `auto n = co_await stream.read(block, offset, deadline_ms);` reads once, as much as fits
  /// behind `offset`.
  ReadOperation read(base::Ref<base::Block> block, size_t offset, uint64_t deadline_ms);
  /// `auto n = co_await stream.write({head, content}, silence_ms);` writes all; gives 0, or -errno.
  /// `silence_ms` is how long the peer may take nothing. `sent`, where given, is raised as bytes go
  /// out, also if the operation is cancelled.
  WriteOperation write(std::initializer_list<base::Slice> pieces, uint64_t silence_ms,
                       uint64_t* sent = nullptr, WriteWhen when = WriteWhen::at_once);
  /// `auto n = co_await stream.until_readable(deadline_ms);` gives 1, or -errno; holds no buffer
  /// meanwhile.
  WaitOperation until_readable(uint64_t deadline_ms);
  WaitOperation until_writable(uint64_t deadline_ms);

 private:
  Readiness readiness_;
};

/// What the operations share: registration with a stream, the turn's budget, the deadline.
class WaitOperation : public Wait {
 public:
  enum class Side : uint8_t { read, write };
  WaitOperation(ByteStream& stream, Side side, uint64_t deadline_ms)
      : stream_(stream), deadline_ms_(deadline_ms), side_(side) {}
  ~WaitOperation() { leave(); }

  bool await_ready();
  void await_suspend(std::coroutine_handle<> handle);
  ssize_t await_resume() { return result_; }

 protected:
  /// Not to be tried before the end of the turn.
  void leave_for_the_end() { at_end_ = true; }
  /// Tries once. True: result_ is there. False: wait for readiness of the side.
  virtual bool step();
  /// It got on: its time, if that was over, begins again.
  void extend(uint64_t deadline_ms) {
    deadline_ms_ = deadline_ms;
    timed_out_ = false;
  }

  ByteStream& stream_;
  ssize_t result_ = 0;
  uint64_t deadline_ms_;

 private:
  friend class Readiness;
  bool attempt() final;
  bool try_now();
  void enlist();
  void leave();

  Side side_;
  bool enlisted_ = false;
  bool yielding_ = false;
  bool at_end_ = false;
  bool timed_out_ = false;
};

class ReadOperation final : public WaitOperation {
 public:
  ReadOperation(ByteStream& stream, base::Ref<base::Block> block, size_t offset,
                uint64_t deadline_ms)
      : WaitOperation(stream, Side::read, deadline_ms), block_(std::move(block)), offset_(offset) {}

 private:
  bool step() override;

  base::Ref<base::Block> block_;
  size_t offset_;
};

class WriteOperation final : public WaitOperation {
 public:
  static constexpr size_t kMaxPieces = 5;
  static constexpr size_t kSmall = 4096;  // Bytes in all.
  WriteOperation(ByteStream& stream, std::initializer_list<base::Slice> pieces, uint64_t silence_ms,
                 uint64_t* sent, WriteWhen when);

 private:
  bool step() override;

  std::array<base::Slice, kMaxPieces> pieces_;
  uint8_t count_ = 0;
  uint8_t first_ = 0;
  uint64_t silence_ms_;
  uint64_t* sent_;
};

inline ReadOperation ByteStream::read(base::Ref<base::Block> block, size_t offset,
                                      uint64_t deadline_ms) {
  return ReadOperation(*this, std::move(block), offset, deadline_ms);
}
inline WriteOperation ByteStream::write(std::initializer_list<base::Slice> pieces,
                                        uint64_t silence_ms, uint64_t* sent, WriteWhen when) {
  return WriteOperation(*this, pieces, silence_ms, sent, when);
}
inline WaitOperation ByteStream::until_readable(uint64_t deadline_ms) {
  return WaitOperation(*this, WaitOperation::Side::read, deadline_ms);
}
inline WaitOperation ByteStream::until_writable(uint64_t deadline_ms) {
  return WaitOperation(*this, WaitOperation::Side::write, deadline_ms);
}

}  // namespace weir::async
