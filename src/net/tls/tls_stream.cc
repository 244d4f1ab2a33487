#include "net/tls/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/text.h"
#include "net/tls/tls_bio.h"

namespace weir::net {
namespace {

/// The most content of one record (RFC 8446, 5.1).
constexpr size_t kRecord = 16 * 1024;

/// Gathers what goes into one record, so that a head and its content cost one.
std::string_view gathered(const iovec* pieces, int count, std::array<char, kRecord>& space) {
  if (count == 1 || pieces[0].iov_len >= kRecord)
    return {static_cast<const char*>(pieces[0].iov_base), std::min(pieces[0].iov_len, kRecord)};
  size_t size = 0;
  for (int i = 0; i < count && size < kRecord; ++i) {
    const size_t part = std::min(pieces[i].iov_len, kRecord - size);
    std::memcpy(space.data() + size, pieces[i].iov_base, part);
    size += part;
  }
  return {space.data(), size};
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<async::ByteStream> below, SslPtr ssl, base::Slice first)
    : TlsStream{*below, std::move(ssl), std::move(first), std::move(below)} {}

TlsStream::TlsStream(async::ByteStream& below, SslPtr ssl, base::Slice first)
    : TlsStream(below, std::move(ssl), std::move(first), nullptr) {}

TlsStream::TlsStream(async::ByteStream& below, SslPtr ssl, base::Slice first,
                     std::unique_ptr<async::ByteStream> owned)
    : owned_(std::move(owned)), below_(&below), ssl_(std::move(ssl)), first_(std::move(first)) {
  BIO* const bio = make_bio(*this);
  if (!bio) throw std::bad_alloc();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_msg_callback(ssl_.get(), &message_passed);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  async::Readiness& state = below_->readiness();
  state.above = this;
  readiness().readable = state.readable || !first_.empty();
  readiness().peer_closed = state.peer_closed;
  readiness().broken = state.broken;
}

TlsStream::~TlsStream() {
  if (open_ && failed_ == 0) {
    send_close_notify();
    // Otherwise OpenSSL takes the session, which others resume, for one that was cut.
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  below_->readiness().above = nullptr;
}

async::Task<Handshaken> TlsStream::handshake(uint64_t deadline_ms) {
  Handshaken made;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) break;
    const unsigned long fault = ERR_peek_error();
    made.error = static_cast<int>(reason(result));
    if (made.error == -EAGAIN) {
      readiness().readable = false;
      made.error = static_cast<int>(co_await until_readable(deadline_ms));
      if (made.error > 0) continue;
    }
    if (made.error == -EINPROGRESS) co_return made;
    made.alert = alert_;
    made.certificate_asked = certificate_asked_;
    made.distrusted = SSL_get_verify_result(ssl_.get()) != X509_V_OK;
    if (made.error == -EPROTO)
      if (const char* const words = ERR_reason_error_string(fault)) made.fault = words;
    co_return made;
  }
  open_ = true;
  made.error = failed_;
  made.resumed = resumed();
  co_return made;
}

bool TlsStream::resumed() const {
  return SSL_session_reused(ssl_.get()) == 1;
}

bool TlsStream::names(std::string_view name) const {
  const char* const asked = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  std::string_view read = asked ? asked : "";
  if (read.ends_with('.')) read.remove_suffix(1);
  return base::equal_ignoring_case(read, name);
}

ssize_t TlsStream::try_read(char* to, size_t size) {
  if (failed_ != 0) return failed_;
  size_t got = 0;
  while (got < size) {
    size_t n = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), to + got, size - got, &n);
    if (result == 1) {
      got += n;
      key_updates_ = 0;
      continue;
    }
    const ssize_t why = reason(result);
    if (why == -EAGAIN) {
      readiness().readable = false;
      // A ticket has made OpenSSL set up a buffer for an answer, which it frees only after a write.
      if (std::exchange(ticket_came_, false)) rest();
    }
    // An end or a fault is there again at the next call.
    if (got == 0) return why;
    break;
  }
  return static_cast<ssize_t>(got);
}

ssize_t TlsStream::try_write(const iovec* pieces, int count) {
  if (failed_ != 0) return failed_;
  if (!flush()) {
    readiness().writable = false;
    return -EAGAIN;
  }
  std::array<char, kRecord> space;
  const std::string_view record = gathered(pieces, count, space);
  size_t n = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &n);
  if (result != 1) {
    const ssize_t why = reason(result);
    return why == -EAGAIN || why == 0 ? fail(-EPROTO) : why;
  }
  if (below_failed_ != 0) return fail(below_failed_);
  if (!waiting_.empty()) readiness().writable = false;
  return static_cast<ssize_t>(n);
}

void TlsStream::shut_down_writes() {
  if (failed_ == 0) send_close_notify();
  if (flush())
    below_->shut_down_writes();
  else
    ends_below_ = true;
}

void TlsStream::abort() {
  shut_ = true;
  below_->abort();
}

bool TlsStream::absorb() {
  if (failed_ != 0 || !open_) return false;
  char byte;
  size_t n = 0;
  ERR_clear_error();
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &n);
  if (result == 1 || reason(result) != -EAGAIN || readiness().peer_closed) return false;
  readiness().readable = false;
  rest();
  return true;
}

void TlsStream::below_is_readable() {
  readiness().peer_closed = below_->readiness().peer_closed;
  readiness().urgent = below_->readiness().urgent;
  readiness().became_readable();
}

void TlsStream::below_is_writable() {
  if (!flush()) return;
  readiness().became_writable();
}

void TlsStream::below_is_broken() {
  readiness().became_broken();
}

ssize_t TlsStream::pull(char* to, size_t size) {
  if (!first_.empty()) {
    const size_t n = std::min(size, first_.size());
    std::memcpy(to, first_.view().data(), n);
    first_.drop_front(n);
    if (first_.empty()) first_ = {};
    return static_cast<ssize_t>(n);
  }
  // What count_message() has refused goes on no further.
  if (failed_ != 0) return failed_;
  if (!below_->readiness().readable) return -EAGAIN;
  const ssize_t n = below_->try_read(to, size);
  if (n == 0) ended_below_ = true;
  if (n < 0 && n != -EAGAIN) below_failed_ = static_cast<int>(n);
  return n;
}

void TlsStream::push(const char* bytes, size_t size) {
  if (below_failed_ != 0) return;
  if (flush()) {
    const iovec piece{const_cast<char*>(bytes), size};
    const ssize_t n = below_->try_write(&piece, 1);
    if (n < 0 && n != -EAGAIN) {
      below_failed_ = static_cast<int>(n);
      return;
    }
    const size_t taken = n > 0 ? static_cast<size_t>(n) : 0;
    bytes += taken;
    size -= taken;
  }
  if (size == 0) return;
  if (waiting_.size() - sent_ + size > kRecord + kMostControl) {
    below_failed_ = -EPROTO;
    return;
  }
  try {
    waiting_.insert(waiting_.end(), bytes, bytes + size);
  } catch (const std::bad_alloc&) {
    below_failed_ = -ENOMEM;  // OpenSSL, which calls this, is C: no exception may pass it.
  }
}

bool TlsStream::flush() {
  while (sent_ < waiting_.size()) {
    const iovec piece{waiting_.data() + sent_, waiting_.size() - sent_};
    const ssize_t n = below_->try_write(&piece, 1);
    if (n == -EAGAIN) return false;
    if (n < 0) {
      below_failed_ = static_cast<int>(n);
      fail(below_failed_);
      break;
    }
    sent_ += static_cast<size_t>(n);
  }
  if (sent_ == 0) return true;
  // Nothing is held at rest.
  Bytes().swap(waiting_);
  sent_ = 0;
  if (std::exchange(ends_below_, false)) below_->shut_down_writes();
  return true;
}

void TlsStream::send_close_notify() {
  if (std::exchange(shut_, true)) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void TlsStream::message_passed(int sent, int, int type, const void* bytes, size_t size, SSL*,
                               void* self) {
  if (sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0)
    static_cast<TlsStream*>(self)->count_message(*static_cast<const uint8_t*>(bytes));
}

void TlsStream::count_message(uint8_t type) {
  // OpenSSL takes any number of both, and each costs it some microseconds.
  if (type == SSL3_MT_KEY_UPDATE) {
    const uint64_t now_ms = async::EventLoop::current().now_ms();
    if (now_ms >= counted_until_ms_) {
      counted_until_ms_ = now_ms + kKeyUpdateWindowMs;
      key_updates_in_window_ = 0;
    }
    if (++key_updates_ > kMostKeyUpdates || ++key_updates_in_window_ > kMostInWindow) fail(-EPROTO);
  }
  if (type == SSL3_MT_NEWSESSION_TICKET) {
    ticket_came_ = true;
    if (++tickets_ > kMostTickets) fail(-EPROTO);
  }
  // Weir agrees to none, and each costs an alert.
  if (type == SSL3_MT_HELLO_REQUEST && ++hello_requests_ > kMostHelloRequests) fail(-EPROTO);
}

ssize_t TlsStream::fail(int error) {
  if (failed_ == 0) failed_ = error;
  shut_ = true;
  return failed_;
}

ssize_t TlsStream::reason(int result) {
  if (failed_ != 0) return failed_;
  const unsigned long error = ERR_peek_error();
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return -EAGAIN;
    case SSL_ERROR_WANT_X509_LOOKUP: certificate_asked_ = true; return fail(-EPROTO);
    case SSL_ERROR_WANT_RETRY_VERIFY: return -EINPROGRESS;
    // An end that the peer has not announced may be a cut.
    case SSL_ERROR_ZERO_RETURN: return ended_below_ ? -ENODATA : 0;
    default: break;
  }
  if (below_failed_ != 0) return fail(below_failed_);
  if (ended_below_) return fail(-ENODATA);
  // The reasons of alerts that were received are 1000 and the alert's number.
  const int number = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && number > 0 && number < 256)
    alert_ = static_cast<uint8_t>(number);
  return fail(-EPROTO);
}

}  // namespace weir::net
