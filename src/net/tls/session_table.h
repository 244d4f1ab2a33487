// TLS sessions that origins offer to resume (RFC 8446, 4.6.1; RFC 5077).
#pragma once
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/account.h"
#include "base/hash.h"
#include "net/tls/openssl.h"

namespace weir::net {

/// The newest sessions of each origin. If there are too many in all, those of the origin that was
/// used least recently go first. One per worker and trust store.
class SessionTable {
 public:
  /// In all. Each has the origin's certificates, which the sessions of one origin mostly share.
  static constexpr size_t kMost = 2048;
  /// Of one origin. Browsers open six connections to a site at a time, several people more, and a
  /// session of TLS 1.3 is for one connection.
  static constexpr size_t kMostEach = 16;
  /// One with a longer ticket is not kept. Servers that put a client's certificate into tickets
  /// make some of 4 KiB.
  static constexpr size_t kLongestTicket = 8192;

  void put(std::string_view origin, SslSessionPtr session);
  /// The newest one; null if there is none. One of TLS 1.3 is in the table no more: it is for one
  /// connection (RFC 8446, C.4).
  SslSessionPtr take(std::string_view origin);
  /// All of that origin's.
  void drop(std::string_view origin);
  size_t size() const { return size_; }

 private:
  struct Entry {
    std::string origin;
    std::vector<SslSessionPtr> sessions;  // The newest one last; never empty.
  };
  using Entries = std::list<Entry, base::Charged<Entry>>;

  Entry& entry_of(std::string_view origin);
  void drop_oldest(Entries::iterator entry);
  void drop(Entries::iterator entry);

  Entries entries_;  // Used last first.
  std::unordered_map<std::string_view, Entries::iterator, std::hash<std::string_view>,
                     std::equal_to<>,
                     base::Charged<std::pair<const std::string_view, Entries::iterator>>>
      places_;
  size_t size_ = 0;
};

}  // namespace weir::net
