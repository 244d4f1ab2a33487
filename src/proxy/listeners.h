// The addresses that Weir listens on, kept across reloads.
#pragma once
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/stream/listener.h"
#include "proxy/config.h"

namespace weir::proxy {

/// A socket for one worker, with its listener's number.
struct ListenerSocket {
  uint32_t number;
  /// Shared by the socket and all sessions that were accepted on it. The number is not given to
  /// another listener while this is referenced.
  std::shared_ptr<const void> use;
  net::BoundSocket socket;
};
using WorkerSockets = std::vector<ListenerSocket>;

/// Main thread only. An address keeps its number and its sockets for as long as configurations name
/// it. After that, the number is kept while sessions refer to it, and is then given to another
/// address.
class Listeners {
  struct Known;

 public:
  /// Values in `index_of`. kLeft: the listener is closed, but sessions may still refer to its
  /// number. kFree: the number is unused.
  static constexpr int kLeft = -1, kFree = -2;
  explicit Listeners(size_t workers) : workers_(workers) {}

  /// What a configuration changes. Nothing is changed before commit().
  struct Change {
    std::vector<WorkerSockets> opened;  // One element per worker.
    std::vector<uint32_t> closed;
    /// Indexed by listener number: the index in the configuration's `listeners`, or kLeft or kFree.
    std::vector<int> index_of;
    /// By listener number, where those of the configuration are bound.
    std::map<uint32_t, base::Endpoint> bound;
    std::vector<std::pair<uint32_t, Known>> fresh;
    /// Lines for the event log: which addresses open and which close.
    std::vector<std::string> words;
    /// The addresses that Weir listens on after commit(), with the ports that were really bound.
    std::vector<base::Endpoint> listening;
  };
  /// The error is one line that names address, port and reason.
  std::expected<Change, std::string> plan(const Config& config) const;
  /// Starts to listen on the sockets that plan() opened. Call it last before commit(): if they had
  /// to be closed again, clients that connected meanwhile would be reset. Returns empty, or the
  /// reason why it failed.
  static std::string listen(const Change& change);
  void commit(const Change& change);

 private:
  struct Known {
    base::Endpoint wanted;  // As configured: port 0 stays 0.
    base::Endpoint bound;
    std::weak_ptr<const void> use;
    bool open = true;
  };
  /// True if a listener that `config` no longer names holds this port at an overlapping address:
  /// the same one, or one of the two is the unspecified address.
  bool leaves(const Config& config, const base::Endpoint& endpoint) const;

  const size_t workers_;
  std::vector<Known> known_;
};

}  // namespace weir::proxy
