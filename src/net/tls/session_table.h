// TLS sessions that origins offer to resume (RFC 8446, 4.6.1; RFC 5077).
#pragma once
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/account.h"
#include "base/hash.h"
#include "net/tls/openssl.h"

namespace weir::net {

/// The newest two of each origin, of the origins that were used last. One per worker and trust
/// store.
class SessionTable {
 public:
  static constexpr size_t kMostOrigins = 1024;
  static constexpr size_t kMostEach = 2;

  void put(std::string_view origin, SslSessionPtr session);
  /// The newest one; null if there is none. One of TLS 1.3 is in the table no more: it is for one
  /// connection (RFC 8446, C.4).
  SslSessionPtr take(std::string_view origin);
  /// All of that origin's.
  void drop(std::string_view origin);

 private:
  struct Entry {
    std::string origin;
    std::vector<SslSessionPtr> sessions;  // The newest one last.
  };
  using Entries = std::list<Entry, base::Charged<Entry>>;

  Entries entries_;  // Used last first.
  std::unordered_map<std::string_view, Entries::iterator, std::hash<std::string_view>,
                     std::equal_to<>,
                     base::Charged<std::pair<const std::string_view, Entries::iterator>>>
      places_;
};

}  // namespace weir::net
