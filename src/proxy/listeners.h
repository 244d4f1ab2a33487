// The addresses that Weir listens on, over reloads.
#pragma once
#include <cstdint>
#include <expected>
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
  /// Held by the socket and by all who came by it: while there is any, the number is no other
  /// listener's.
  std::shared_ptr<const void> use;
  net::BoundSocket socket;
};
using WorkerSockets = std::vector<ListenerSocket>;

/// Of the main thread. An address keeps its number, and its sockets, for as long as configurations
/// name it; after that the number is kept while sessions have it, and then given to another.
class Listeners {
  struct Known;

 public:
  /// In `index_of`: nobody listens there any more, but sessions may have come by it; and nobody has
  /// it at all.
  static constexpr int kLeft = -1, kFree = -2;
  explicit Listeners(size_t workers) : workers_(workers) {}

  /// What a configuration changes. Nothing is changed before commit().
  struct Change {
    std::vector<WorkerSockets> opened;  // By worker.
    std::vector<uint32_t> closed;
    /// By listener's number: its configuration's index in `listeners`, kLeft or kFree.
    std::vector<int> index_of;
    std::vector<std::pair<uint32_t, Known>> fresh;
    /// For a person: what begins and what ends.
    std::vector<std::string> words;
    /// Where Weir listens then, with the ports that were really bound.
    std::vector<base::Endpoint> listening;
  };
  /// The error is one line that names address, port and reason.
  std::expected<Change, std::string> plan(const Config& config) const;
  /// Lets clients connect to what plan() has opened: the last thing before commit(), since what
  /// closes again resets them. Empty, or why not.
  static std::string listen(const Change& change);
  void commit(const Change& change);

 private:
  struct Known {
    base::Endpoint wanted;  // As configured: port 0 stays 0.
    base::Endpoint bound;
    std::weak_ptr<const void> use;
    bool open = true;
  };
  /// A listener that `config` no longer names has this port, at an address of which `endpoint` is a
  /// part or which is a part of it.
  bool leaves(const Config& config, const base::Endpoint& endpoint) const;

  const size_t workers_;
  std::vector<Known> known_;
};

}  // namespace weir::proxy
