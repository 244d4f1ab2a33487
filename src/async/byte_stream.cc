#include "async/byte_stream.h"

#include <cerrno>

namespace weir::async {

Readiness::Readiness()
    : ReadAlarm([](Deadline& self) {
        auto& readiness = static_cast<Readiness&>(static_cast<detail::ReadAlarm&>(self));
        if (readiness.reader_) {
          readiness.reader_->timed_out_ = true;
          wake(readiness.reader_);
        }
      }),
      WriteAlarm([](Deadline& self) {
        auto& readiness = static_cast<Readiness&>(static_cast<detail::WriteAlarm&>(self));
        if (readiness.writer_) {
          readiness.writer_->timed_out_ = true;
          wake(readiness.writer_);
        }
      }) {}

Readiness::~Readiness() {
  // A stream outlives its operations; these lines keep a mistake from becoming a use after free.
  if (reader_) reader_->enlisted_ = false;
  if (writer_) writer_->enlisted_ = false;
}

void Readiness::wake(WaitOperation* operation) {
  if (operation) EventLoop::current().make_ready(*operation);
}

void Readiness::became_readable() {
  readable = true;
  if (above) {
    above->below_is_readable();
  } else if (reader_) {
    wake(reader_);
  } else if (on_readable) {
    on_readable();
  }
}
void Readiness::became_writable() {
  writable = true;
  if (above) return above->below_is_writable();
  wake(writer_);
}
void Readiness::became_broken() {
  broken = peer_closed = true;
  writable = true;
  if (above) {
    readable = true;
    return above->below_is_broken();
  }
  became_readable();
  wake(writer_);
  if (on_broken) on_broken->fire("client_closed");
}
void Readiness::interrupt() {
  interrupted_ = true;
  wake(reader_);
  wake(writer_);
}

void Readiness::expire_reader() {
  if (!reader_) return;
  reader_->timed_out_ = true;
  wake(reader_);
}

bool WaitOperation::try_now() {
  const Readiness& readiness = stream_.readiness();
  if (readiness.interrupted()) {
    result_ = -ECANCELED;
    return true;
  }
  // Try before looking at the deadline: bytes that came in time count even if we see them late.
  // After a suspend, bytes and deadline show up at once.
  if ((side_ == Side::read ? readiness.readable : readiness.writable) && step()) return true;
  if (timed_out_) result_ = -ETIMEDOUT;
  return timed_out_;
}

bool WaitOperation::await_ready() {
  if (!EventLoop::current().spend()) {
    yielding_ = true;
    return false;
  }
  return !at_end_ && try_now();
}

void WaitOperation::await_suspend(std::coroutine_handle<> handle) {
  waiting = handle;
  if (yielding_) {
    yielding_ = false;
    EventLoop::current().make_ready(*this);
  } else if (at_end_) {
    EventLoop::current().write_together(*this);
  } else {
    enlist();
  }
}

bool WaitOperation::attempt() {
  if (try_now()) {
    leave();
    return true;
  }
  enlist();
  return false;
}

void WaitOperation::enlist() {
  Readiness& readiness = stream_.readiness();
  (side_ == Side::read ? readiness.reader_ : readiness.writer_) = this;
  (side_ == Side::read ? readiness.read_alarm() : readiness.write_alarm()).set(deadline_ms_);
  enlisted_ = true;
}

void WaitOperation::leave() {
  if (!enlisted_) return;
  enlisted_ = false;
  Readiness& readiness = stream_.readiness();
  WaitOperation*& place = side_ == Side::read ? readiness.reader_ : readiness.writer_;
  if (place != this) return;
  place = nullptr;
  (side_ == Side::read ? readiness.read_alarm() : readiness.write_alarm()).clear();
}

bool WaitOperation::step() {
  result_ = 1;
  return true;
}

bool ReadOperation::step() {
  const size_t room = block_->capacity() - offset_;
  const ssize_t n = stream_.try_read(block_->data() + offset_, room);
  if (n == -EAGAIN) return false;
  if (n > 0) EventLoop::current().spend(static_cast<size_t>(n));
  result_ = n;
  return true;
}

WriteOperation::WriteOperation(ByteStream& stream, std::initializer_list<base::Slice> pieces,
                               uint64_t silence_ms, uint64_t* sent, WriteWhen when)
    : WaitOperation(stream, Side::write, EventLoop::current().now_ms() + silence_ms),
      silence_ms_(silence_ms),
      sent_(sent) {
  size_t size = 0;
  for (const base::Slice& piece : pieces) {
    if (piece.empty() || count_ == kMaxPieces) continue;
    size += piece.size();
    pieces_[count_++] = piece;
  }
  if (when == WriteWhen::together && size <= kSmall) leave_for_the_end();
}

bool WriteOperation::step() {
  while (first_ < count_) {
    std::array<iovec, kMaxPieces> vectors;
    int used = 0;
    for (uint8_t i = first_; i < count_; ++i) {
      vectors[static_cast<size_t>(used++)] = {const_cast<char*>(pieces_[i].view().data()),
                                              pieces_[i].size()};
    }
    const ssize_t n = stream_.try_write(vectors.data(), used);
    if (n == -EAGAIN) return false;
    if (n < 0) {
      result_ = n;
      return true;
    }
    if (sent_) *sent_ += static_cast<uint64_t>(n);
    extend(EventLoop::current().now_ms() + silence_ms_);
    auto left = static_cast<size_t>(n);
    EventLoop::current().spend(left);
    while (first_ < count_ && left >= pieces_[first_].size()) {
      left -= pieces_[first_].size();
      pieces_[first_++] = base::Slice();
    }
    if (left > 0) pieces_[first_].drop_front(left);
  }
  result_ = 0;
  return true;
}

}  // namespace weir::async
