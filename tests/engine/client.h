// A client: a socket that is not in the test's event loop; the test writes and reads it between
// turns.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "async/event_loop.h"
#include "net/stream/tcp_stream.h"

namespace weir::engine {

/// A response as the client sees it.
struct Answer {
  int status = 0;
  /// By lower-case name; the last one, if there are several.
  std::map<std::string, std::string> fields;
  std::string content;
  std::map<std::string, std::string> trailers;
  std::vector<int> interims;
  /// The response's own end was seen, not only the end of the connection.
  bool complete = false;
};

class Client {
 public:
  /// `descriptor` is the client's end of the connection. The harness spawns the task for the
  /// proxy's end into `scope`.
  Client(int descriptor, uint16_t id) : id(id), descriptor_(descriptor) {}
  Client(const Client&) = delete;
  ~Client() { close(); }

  /// Both send bytes as the socket takes them. `method` tells answers() which answers have no
  /// content.
  void send(std::string bytes) { outgoing += std::move(bytes); }
  void request(std::string bytes, std::string method = "GET");
  void get(const std::string& authority, const std::string& path) {
    request("GET http://" + authority + path + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
  }
  void connect(const std::string& authority) {
    request("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n", "CONNECT");
  }
  /// Sends no more: an orderly end.
  void finish();
  void close();
  /// Closes so that the proxy sees a reset.
  void reset();
  /// Moves bytes without waiting. True if any moved, or the end came.
  bool pump();

  /// The bytes that have come, as responses to the requests. After a successful CONNECT or upgrade
  /// the rest is in `inside`.
  std::vector<Answer> answers();
  std::string inside;

  bool open() const { return descriptor_ >= 0; }
  bool all_sent() const { return outgoing.empty(); }

  const uint16_t id;
  std::string received;
  std::string outgoing;
  bool ended = false;  // With a FIN.
  bool was_reset = false;
  /// Reads no more bytes than this in total.
  size_t read_limit = SIZE_MAX;
  size_t read_per_pump = SIZE_MAX;
  std::vector<std::string> methods;
  /// For tests that run in steps.
  int step = 0;
  /// The task of the proxy's side.
  async::TaskScope scope;
  net::TcpStream* stream = nullptr;

 private:
  int descriptor_;
  bool finishing_ = false;
};

}  // namespace weir::engine
