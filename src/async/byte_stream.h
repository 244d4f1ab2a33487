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

/// When a write is first tried. `together` puts a small write off until all that is ready in this
/// turn has run; such writes are then made one after another. That is cheaper (the kernel's code
/// and the worker's stay in the caches, and a peer on this machine is woken once for many), and
/// right where nothing more for the same stream follows at once. Large writes are not put off: they
/// would hold too much memory meanwhile.
enum class WriteWhen : uint8_t { at_once, together };

namespace detail {
// Bases of Readiness, so that an alarm finds its Readiness without a stored pointer: there are many
// streams.
struct ReadAlarm : Deadline {
  using Deadline::Deadline;
};
struct WriteAlarm : Deadline {
  using Deadline::Deadline;
};
}  // namespace detail

/// What is known of a stream without asking the kernel: flags that edges set and short reads clear,
/// the operations that wait, and their deadlines. At most one reader and one writer. Used by one
/// worker.
class Readiness : private detail::ReadAlarm, private detail::WriteAlarm {
 public:
  Readiness();
  Readiness(const Readiness&) = delete;
  ~Readiness();

  bool readable = false;
  bool writable = true;
  /// The peer has shut its sending side (or more); the bytes before it may still be unread.
  bool peer_closed = false;
  /// Urgent data has come (RFC 9293, 3.8.5): from now on a short read does not mean that there is
  /// nothing more to read.
  bool urgent = false;
  /// Reset, or closed both ways: nothing more can be sent.
  bool broken = false;

  /// Fired with `client_closed` when the stream breaks. Not owned; cleared by its owner.
  Interrupt* on_broken = nullptr;
  /// Called for every new edge with something to read, when no reader waits.
  base::Callback<> on_readable;

  /// A stream that lies on this one, such as TLS on TCP. It is told of every edge, and nobody else
  /// waits for this stream.
  class Above {
   public:
    virtual void below_is_readable() = 0;
    virtual void below_is_writable() = 0;
    virtual void below_is_broken() = 0;

   protected:
    ~Above() = default;
  };
  /// Not owned; cleared by its owner. Null: no stream lies on this one.
  Above* above = nullptr;

  /// Called for edges, from the kernel or from a test's stream.
  void became_readable();
  void became_writable();
  void became_broken();

  /// Ends the operations that wait now, and all later ones, with -ECANCELED: another task has found
  /// that they are pointless.
  void interrupt();
  bool interrupted() const { return interrupted_; }
  /// Undoes interrupt() for operations that begin from now on.
  void take_interrupt_back() { interrupted_ = false; }

  /// An operation waits to read, or to write.
  bool reader_waits() const { return reader_ != nullptr; }
  bool writer_waits() const { return writer_ != nullptr; }
  /// Makes the operation that waits to read, if there is one, time out now.
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

/// A stream: a TCP connection, TLS on another stream, or a test's memory; HTTP/2 streams can
/// follow. Results are those of the system calls: a number of bytes, 0 for the end, or -errno. So
/// nothing is allocated for what happens all the time; the caller knows which side it was and makes
/// the Error. -ETIMEDOUT is a deadline that passed, -ECANCELED an interrupt, -ENODATA an end that
/// may be a cut (TLS without close_notify), -EPROTO a peer that breaks the stream's own protocol.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// These two never wait: they return -EAGAIN instead.
  virtual ssize_t try_read(char* to, size_t size) = 0;
  virtual ssize_t try_write(const iovec* pieces, int count) = 0;
  /// Sends the end of the stream, after all that was written.
  virtual void shut_down_writes() = 0;
  /// Makes closing send a reset, so that the peer does not take what it has received for the whole.
  virtual void abort() = 0;
  /// Bytes that were written and that the peer has not received yet, as far as is known. Asks the
  /// kernel.
  virtual size_t unsent() const { return 0; }
  /// Called when something has arrived while nobody expects content. Takes in what is none, such as
  /// a TLS session ticket. True: that was all that has arrived.
  virtual bool absorb() { return false; }
  /// The stream will be silent for a while: gives back memory that it holds for its next bytes.
  virtual void rest() {}
  /// The socket, if the kernel's bytes are the stream's bytes; else -1. Only for splice and
  /// sendfile inside async/ and net/.
  virtual int plain_descriptor() const { return -1; }

  Readiness& readiness() { return readiness_; }

  /// `auto n = co_await stream.read(block, offset, deadline_ms);` reads once, as much as fits
  /// behind `offset`.
  ReadOperation read(base::Ref<base::Block> block, size_t offset, uint64_t deadline_ms);
  /// `auto n = co_await stream.write({head, content}, silence_ms);` writes all; returns 0, or
  /// -errno. It times out if the peer takes nothing for `silence_ms`. If `sent` is given, bytes are
  /// added to it as they go out, so it is right even if the operation is cancelled.
  WriteOperation write(std::initializer_list<base::Slice> pieces, uint64_t silence_ms,
                       uint64_t* sent = nullptr, WriteWhen when = WriteWhen::at_once);
  /// `auto n = co_await stream.until_readable(deadline_ms);` returns 1, or -errno, and holds no
  /// buffer while it waits.
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
  /// Puts the first attempt off to the end of the turn.
  void leave_for_the_end() { at_end_ = true; }
  /// Tries once. True: result_ is set. False: wait until the stream is ready on this side.
  virtual bool step();
  /// The operation has made progress: it gets a new deadline, even if the old one has passed.
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
