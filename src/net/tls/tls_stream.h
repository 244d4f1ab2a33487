// TLS 1.2 and 1.3 (RFC 5246, RFC 8446) on any other stream.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/account.h"
#include "net/tls/openssl.h"

namespace weir::net {

/// How a handshake ended.
struct Handshaken {
  /// 0; or -ETIMEDOUT, -ECANCELED, -ENODATA (the peer has closed), -EPROTO, or what the stream
  /// below says; or -EINPROGRESS: whoever checks the peer's certificate wants to look again at the
  /// next call (SSL_set_retry_verify).
  int error = 0;
  /// The alert that the peer has sent (RFC 8446, 6), if it has ended the handshake by one; else 0.
  uint8_t alert = 0;
  /// The peer's certificate was not accepted.
  bool distrusted = false;
  /// The peer asks for a certificate, and that was a reason to stop (see ClientTls).
  bool certificate_asked = false;
  /// What OpenSSL calls a fault of the protocol: "wrong version number".
  std::string fault = {};
  /// The session is one that was kept from an earlier connection.
  bool resumed = false;
};
inline Handshaken after_exception(const Handshaken*) {
  return {.error = -ENOMEM};
}

/// The SSL has all its settings: context, role, name, session. OpenSSL reads and writes through
/// this object, which never waits inside of it: what the stream below does not take at once is kept
/// here, at most one record and kMostControl, and until it has gone nothing more is taken. Used on
/// one worker's thread. Destroying it sends close_notify if nothing else has ended the stream.
class TlsStream final : public async::ByteStream,
                        public base::Pooled,
                        private async::Readiness::Above {
 public:
  /// A peer that makes Weir write more than this and reads nothing is cut.
  static constexpr size_t kMostControl = 64 * 1024;
  /// Limits of messages that carry no content (RFC 8446, 4.6): KeyUpdates without content between
  /// them and in a stretch of time, and tickets in all.
  static constexpr uint32_t kMostKeyUpdates = 8, kMostInWindow = 32;
  static constexpr uint64_t kKeyUpdateWindowMs = 10'000;
  static constexpr uint32_t kMostTickets = 8;
  /// Requests for another handshake (RFC 5246, 7.4.1.1).
  static constexpr uint32_t kMostHelloRequests = 4;

  /// `first`: bytes of the peer that were read before.
  TlsStream(std::unique_ptr<async::ByteStream> below, SslPtr ssl, base::Slice first = {});
  /// On a stream that outlives this one.
  TlsStream(async::ByteStream& below, SslPtr ssl, base::Slice first);
  TlsStream(const TlsStream&) = delete;
  ~TlsStream() override;

  /// Before anything is read or written; once, and again after -EINPROGRESS. The deadline as in
  /// ByteStream.
  async::Task<Handshaken> handshake(uint64_t deadline_ms);
  /// For what the handshake has found out.
  const SSL& ssl() const { return *ssl_; }
  /// After the handshake: the session is one that was begun on an earlier connection.
  bool resumed() const;
  /// After the handshake, of a server's: whether the client asked for that name (RFC 6066, 3); ""
  /// for none. Names are compared without case and final dot.
  bool names(std::string_view name) const;
  /// The alert by which the peer has ended the stream; 0: none.
  uint8_t alert() const { return alert_; }

  /// A number of bytes; 0 after close_notify alone; -ENODATA for an end without it; -EPROTO for a
  /// fault or an alert of the peer's.
  ssize_t try_read(char* to, size_t size) override;
  /// Takes one record at most, gathered from `pieces`.
  ssize_t try_write(const iovec* pieces, int count) override;
  /// Sends close_notify, then the end of the stream below.
  void shut_down_writes() override;
  void abort() override;
  size_t unsent() const override { return waiting_.size() - sent_ + below_->unsent(); }
  /// True once all that was written has gone to the stream below.
  bool drained() const { return waiting_.empty() || failed_ != 0; }
  bool absorb() override;
  void rest() override { SSL_free_buffers(ssl_.get()); }

 private:
  friend struct TlsBio;
  TlsStream(async::ByteStream& below, SslPtr ssl, base::Slice first,
            std::unique_ptr<async::ByteStream> owned);
  using Bytes = std::vector<char, base::Charged<char, base::Holding::blocks>>;

  void below_is_readable() override;
  void below_is_writable() override;
  void below_is_broken() override;

  /// For OpenSSL. pull(): a number of bytes, 0 for the end, or -errno.
  ssize_t pull(char* to, size_t size);
  void push(const char* bytes, size_t size);
  static void message_passed(int sent, int version, int type, const void* bytes, size_t size,
                             SSL* ssl, void* self);
  void count_message(uint8_t type);

  /// Why a call of OpenSSL that returned `result` has failed: see try_read; also -EAGAIN.
  ssize_t reason(int result);
  ssize_t fail(int error);
  /// Sends what waits. True: nothing waits any more.
  bool flush();
  void send_close_notify();

  const std::unique_ptr<async::ByteStream> owned_;  // Null if it is somebody else's.
  async::ByteStream* const below_;
  const SslPtr ssl_;
  base::Slice first_;
  /// Ciphertext that the stream below has not taken, of which `sent_` bytes have gone.
  Bytes waiting_;
  size_t sent_ = 0;
  /// -errno, once nothing works any more.
  int failed_ = 0;
  int below_failed_ = 0;
  uint8_t alert_ = 0;
  bool certificate_asked_ = false;
  uint8_t key_updates_ = 0, key_updates_in_window_ = 0, tickets_ = 0, hello_requests_ = 0;
  uint64_t counted_until_ms_ = 0;
  bool ticket_came_ = false;  // Since buffers were last given back for one.
  bool open_ = false;         // The handshake is complete.
  bool ended_below_ = false;  // The stream below has ended.
  bool shut_ = false;         // close_notify was sent, or must not be.
  bool ends_below_ = false;   // The stream below is to end once nothing waits.
};

}  // namespace weir::net
