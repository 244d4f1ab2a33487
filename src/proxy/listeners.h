// The addresses that Weir listens on, over reloads.
#pragma once
#include <expected>
#include <string>
#include <vector>

#include "net/listener.h"
#include "proxy/config.h"

namespace weir::proxy {

/// Sockets for one worker, each with its listener's number.
using WorkerSockets = std::vector<std::pair<uint32_t, net::BoundSocket>>;

/// Of the main thread. An address keeps its number, and its sockets for as long as configurations name it.
class Listeners {
 public:
  explicit Listeners(size_t workers) : workers_(workers) {}

  /// What a configuration changes. Nothing is changed before commit().
  struct Change {
    std::vector<WorkerSockets> opened;  // By worker.
    std::vector<uint32_t> closed;
    /// By listener's number: its configuration's index in `listeners`, or -1: nobody listens there any more.
    std::vector<int> index_of;
    /// For a person: what begins and what ends.
    std::vector<std::string> words;
    /// Where Weir listens then, with the ports that were really bound.
    std::vector<base::Endpoint> listening;
  };
  /// The error is one line that names address, port and reason.
  std::expected<Change, std::string> plan(const Config& config) const;
  void commit(const Config& config, const Change& change);

 private:
  struct Known {
    base::Endpoint wanted;  // As configured: port 0 stays 0.
    base::Endpoint bound;
    bool open = true;
  };
  /// A listener that `config` no longer names has this port, at an address of which `endpoint` is a part or which is a part of it.
  bool leaves(const Config& config, const base::Endpoint& endpoint) const;

  const size_t workers_;
  std::vector<Known> known_;
};

}  // namespace weir::proxy
