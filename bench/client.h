// One connection of the load generator, and the operation that runs on it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

/// What to send, and how much to wait for.
struct Operation {
  std::string_view head;      // Lives as long as the program.
  uint64_t filler = 0;        // Bytes after the head, of no meaning.
  bool want_response = true;  // A response of HTTP; else `want_bytes` of anything.
  uint64_t want_bytes = 0;
};

class Client {
 public:
  enum class Progress { waits, done, failed };

  Client() = default;
  Client(const Client&) = delete;
  ~Client() { end(); }

  /// Opens a connection and has it watched. False where that fails at once.
  bool open(int epoll, uint16_t port);
  void end();
  bool is_open() const { return descriptor_ >= 0; }

  void begin(const Operation& operation);
  /// Sends and receives as far as that goes. `events` as epoll gave them; 0 after begin().
  Progress drive(uint32_t events);

  /// The peer has said that it ends, or has: a new operation needs a new connection.
  bool spent() const { return spent_; }
  /// Of a failed operation: the peer had ended the connection after an earlier one and took nothing
  /// of this (RFC 9112, section 9.3.1).
  bool was_ended_before() const { return operations_ > 0 && !received_; }
  /// An operation was begun and is not done.
  bool busy() const { return busy_; }

  uint64_t began_ns = 0;
  bool in_tunnel = false;  // CONNECT was answered, or none is needed.

 private:
  Progress send_some();
  Progress receive_some(bool to_the_end);
  Progress take(std::string_view bytes);
  Progress take_head();

  int descriptor_ = -1;
  bool busy_ = false;
  bool spent_ = false;
  bool connecting_ = false;
  bool head_done_ = false;
  bool until_end_ = false;
  bool received_ = false;    // Anything of this operation's answer.
  uint64_t operations_ = 0;  // Done on this connection.
  Operation operation_;
  size_t head_sent_ = 0;
  uint64_t filler_left_ = 0;
  uint64_t content_left_ = 0;
  std::string head_;  // What came of a response's head, where it did not come whole.
};

}  // namespace weir::bench
