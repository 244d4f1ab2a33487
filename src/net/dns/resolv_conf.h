// /etc/resolv.conf: the name servers and the search list.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/watched_file.h"

namespace weir::net {

/// What Weir takes from resolv.conf(5): `nameserver` (IPv4 and IPv6 addresses, without a zone) and
/// `search` or `domain` (the last one counts). `options` are ignored: time-outs come from Weir's
/// own configuration. Invalid lines are skipped.
///
/// Clients give a proxy whole names, so the search list is not applied to a name with a dot,
/// whatever ndots says: `example.com` never becomes `example.com.corp.example`. A name without a
/// dot (`http://wiki/`) is tried with each of the search domains in turn, then by itself: that is
/// what users of a company's proxy expect.
class ResolvConf {
 public:
  static constexpr size_t kMostBytes = 64 * 1024;
  static constexpr size_t kMostServers = 3;  // As in glibc.
  static constexpr size_t kMostSearch = 6;

  explicit ResolvConf(std::string path = "/etc/resolv.conf") : file_(std::move(path), kMostBytes) {}

  /// Reads the file if it has changed; checks at most once a second. True if it was read.
  bool refresh(uint64_t now_ms);
  void parse(std::string_view content);

  /// All on port 53. If the file names none: 127.0.0.1, as in resolv.conf(5).
  const std::vector<base::Endpoint>& servers() const { return servers_; }
  /// Lower case, no dots at the ends.
  const std::vector<std::string>& search() const { return search_; }

 private:
  base::WatchedFile file_;
  std::vector<base::Endpoint> servers_;
  std::vector<std::string> search_;
};

}  // namespace weir::net
