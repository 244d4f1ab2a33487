// Resolves names to addresses: localhost, the hosts file, DNS with a cache.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/signal.h"
#include "async/task.h"
#include "base/account.h"
#include "base/ip.h"
#include "base/ref.h"
#include "net/dns/config.h"
#include "net/dns/hosts_file.h"
#include "net/dns/resolv_conf.h"
#include "net/dns/resolver_answer.h"
#include "net/dns/resolver_channel.h"

namespace weir::net {

/// One per worker. The first of these that applies decides: `localhost` and names below it are
/// loopback (RFC 6761, section 6.3); a name in the hosts file is answered by that file only, for
/// both families; `invalid`, `onion`, names that are not host names, and names that end in a number
/// do not exist; the cache; DNS. The files are read again when they change; a change of the servers
/// drops the cache, and open questions are asked again.
///
/// A name without a dot is tried with each domain of resolv.conf's search list, then by itself; a
/// name with a dot only by itself (see ResolvConf). Callers handle literal addresses themselves.
class Resolver {
 public:
  /// How long a negative answer without a TTL (no SOA record), and a failure, are cached.
  static constexpr uint64_t kUnsaidNegativeTtlMs = 10'000;
  static constexpr uint64_t kFailureTtlMs = 1000;

  explicit Resolver(const ResolverConfig& config, std::string hosts_path = "/etc/hosts",
                    std::string resolv_conf_path = "/etc/resolv.conf");
  /// Look-ups that are still open end as `failed`.
  ~Resolver();
  Resolver(const Resolver&) = delete;

  /// Applies to new look-ups. The cache stays unless the servers, their time-out or tries change.
  void configure(const ResolverConfig& config);

  /// The answer if it is known without asking a server, else null. Valid until the next call on
  /// this.
  const Lookup* cached(std::string_view host, base::IpFamily family);
  /// Waits at most total_timeout_ms. Callers that ask for the same at the same time share one
  /// question, which goes on even if they are cancelled.
  async::Task<Lookup> lookup(std::string host, base::IpFamily family);

  /// Number of questions sent to servers so far; repeats of a question do not count.
  uint64_t questions_asked() const { return questions_asked_; }
  /// Changes when the hosts file, resolv.conf or the configured servers change: what was found by
  /// name before that may no longer hold.
  uint64_t generation() {
    refresh();
    return generation_;
  }
  size_t cache_size() const { return cache_size_; }
  size_t questions_open() const { return questions_[0].size() + questions_[1].size(); }

 private:
  class Question;
  struct Cached;
  /// A host name in lower case, without a trailing dot, in a fixed buffer. Empty if it is too long.
  class Key;

  static size_t index(base::IpFamily family) { return family == base::IpFamily::v4 ? 0 : 1; }
  const Lookup* known(std::string_view key, base::IpFamily family);
  void refresh();
  void reconfigure();
  /// The open question, or a new one; null if too many are open.
  base::Ref<Question> question_for(std::string_view key, base::IpFamily family);
  void ask(Question& question);
  void said(Question& question, ResolverChannel::Said what, std::string_view message);
  void finish(Question& question, const Lookup& lookup, uint64_t ttl_ms);
  void keep(std::string_view key, base::IpFamily family, const Lookup& lookup, uint64_t ttl_ms);
  void forget(Cached& cached);
  void forget_all();

  /// c-ares uses one source port for as long as it has open questions, which makes the port easier
  /// to guess. So after this many questions, the next ones get a new channel.
  static constexpr uint32_t kQuestionsPerChannel = 32;

  ResolverConfig config_;
  HostsFile hosts_;
  ResolvConf resolv_conf_;
  std::vector<base::Endpoint> servers_;
  std::vector<std::string> search_;
  Lookup answer_;  // What cached() points to if the answer is not in the cache.
  std::vector<base::IpAddress> hosts_found_;

  using Cache = std::map<std::string, Cached, std::less<>,
                         base::Charged<std::pair<const std::string, Cached>>>;
  std::array<Cache, 2> cache_;
  async::Link oldest_;  // Head of the list of cache entries, least recently used first.
  size_t cache_size_ = 0;
  using Questions = std::map<std::string, base::Ref<Question>, std::less<>,
                             base::Charged<std::pair<const std::string, base::Ref<Question>>>>;
  std::array<Questions, 2> questions_;
  std::vector<std::unique_ptr<ResolverChannel>> channels_;  // The last one takes new questions.
  uint64_t questions_asked_ = 0;
  uint64_t generation_ = 0;
  uint64_t refreshed_ms_ = UINT64_MAX;
};

}  // namespace weir::net
