// What each client was denied lately, for the page that tells it: browsers show no page where a
// CONNECT is refused.
#pragma once
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ip.h"
#include "http/exchange.h"

namespace weir::journal {

/// Equal ones, of the same target by the same rule, are one.
struct Denial {
  /// When the last of them was.
  int64_t wall_ms = 0;
  /// As in the access log, cut where they are long.
  std::string method, target;
  std::string rule;
  /// The entry of a list, as FILE:LINE; empty: none.
  std::string list;
  uint64_t count = 1;
};

/// Of all workers. Callable from any thread; a short lock, taken only where something is denied or
/// the page is asked for.
class Denials {
 public:
  static constexpr size_t kMostEach = 20;
  /// Beyond it the client that was denied something longest ago is forgotten.
  static constexpr size_t kMostClients = 256;
  static constexpr size_t kLongestTarget = 300;

  /// Notes it if policy refused the exchange.
  void note(const http::Exchange& exchange);
  /// The newest first. Who shares an address with others sees what was denied under the same user's
  /// name only.
  std::deque<Denial> of(const base::IpAddress& client, std::string_view identity) const;

 private:
  struct Client {
    std::string key;
    std::deque<Denial> denials;
  };
  static std::string key_of(const base::IpAddress& client, std::string_view identity);
  Client& client_of(std::string key);
  static void add(std::deque<Denial>& denials, Denial denial);

  mutable std::mutex mutex_;
  /// The one denied something last comes first.
  std::list<Client> clients_;
  std::unordered_map<std::string, std::list<Client>::iterator> places_;
};

}  // namespace weir::journal
