// One connection of the load generator, and the operation that runs on it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "channel.h"

namespace weir::bench {

/// What to send, and how much to wait for.
struct Operation {
  std::string_view head;      // Lives as long as the program.
  uint64_t filler = 0;        // Meaningless bytes after the head.
  bool want_response = true;  // An HTTP response; else `want_bytes` of anything.
  uint64_t want_bytes = 0;
  uint64_t held_back = 0;  // Of the response's content: so many bytes never come.
};

class Client {
 public:
  enum class Progress { waits, done, failed };

  Client() = default;
  Client(const Client&) = delete;
  ~Client() { end(); }

  /// Opens a connection and adds it to `epoll`. False if that fails at once.
  bool open(int epoll, uint16_t port);
  void end();
  bool is_open() const { return channel_.is_open(); }
  /// What follows is inside TLS; between two operations.
  void secure(SSL_CTX* context, const std::string& host) {
    channel_.secure(context, host);
    operations_ = 0;
  }
  bool is_secure() const { return channel_.is_secure(); }

  void begin(const Operation& operation);
  /// Sends and receives as much as possible. `events` are those of epoll; 0 after begin().
  Progress drive(uint32_t events);

  /// The peer has ended the connection, or announced it: a new operation needs a new connection.
  bool spent() const { return spent_; }
  /// For a failed operation: whether the peer had ended the connection after an earlier operation
  /// and took nothing of this one (RFC 9112, section 9.3.1).
  bool was_ended_before() const { return operations_ > 0 && !received_; }
  /// An operation has begun and is not done.
  bool busy() const { return busy_; }

  uint64_t began_ns = 0;
  bool in_tunnel = false;  // CONNECT was answered, or none is needed.

 private:
  Progress send_some();
  Progress receive_some(bool to_the_end);
  Progress take(std::string_view bytes);
  Progress take_head();
  void look_while_idle();

  Channel channel_;
  bool busy_ = false;
  bool spent_ = false;
  bool connecting_ = false;
  bool head_done_ = false;
  bool until_end_ = false;
  bool received_ = false;    // Bytes of this operation's answer have come.
  uint64_t operations_ = 0;  // Done on this connection, inside TLS if there is any.
  Operation operation_;
  size_t head_sent_ = 0;
  uint64_t filler_left_ = 0;
  uint64_t content_left_ = 0;
  std::string head_;  // The part of a response's head that came so far.
};

}  // namespace weir::bench
