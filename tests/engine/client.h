// A client: a socket that the test's own loop does not know, written and read between turns.
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
  /// Lower-case names; the last of several.
  std::map<std::string, std::string> fields;
  std::string content;
  std::map<std::string, std::string> trailers;
  std::vector<int> interims;
  /// Its end was seen, not only the connection's.
  bool complete = false;
};

class Client {
 public:
  /// `descriptor` is the client's end; the proxy's end is served by what the harness spawns into
  /// `scope`.
  Client(int descriptor, uint16_t id) : id(id), descriptor_(descriptor) {}
  Client(const Client&) = delete;
  ~Client() { close(); }

  /// Sends as the socket takes it. `method` of each request in it, for those whose answers have no
  /// content.
  void send(std::string bytes) { outgoing += std::move(bytes); }
  void request(std::string bytes, std::string method = "GET");
  void get(const std::string& authority, const std::string& path) {
    request("GET http://" + authority + path + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
  }
  void connect(const std::string& authority) {
    request("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n", "CONNECT");
  }
  /// No more is sent: an orderly end.
  void finish();
  void close();
  /// Closes so that the proxy sees a reset.
  void reset();
  /// Moves bytes; never waits. True if any moved, or the end came.
  bool pump();

  /// What has come, as responses to what was requested. After a CONNECT's or upgrade's success the
  /// rest is `inside`.
  std::vector<Answer> answers();
  std::string inside;

  bool open() const { return descriptor_ >= 0; }
  bool all_sent() const { return outgoing.empty(); }

  const uint16_t id;
  std::string received;
  std::string outgoing;
  bool ended = false;  // In order.
  bool was_reset = false;
  /// Reads no more than this in all.
  size_t read_limit = SIZE_MAX;
  size_t read_per_pump = SIZE_MAX;
  std::vector<std::string> methods;
  /// For scenarios in steps.
  int step = 0;
  /// The proxy's side.
  async::TaskScope scope;
  net::TcpStream* stream = nullptr;

 private:
  int descriptor_;
  bool finishing_ = false;
};

}  // namespace weir::engine
