// Fetches certificates that origins should have sent and did not.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/signal.h"
#include "async/task.h"
#include "base/error.h"
#include "net/tls/trust_store.h"

namespace weir::origin {

/// How Weir asks for an URL on its own behalf. Owned by the worker; used on its thread.
class IssuerFetch {
 public:
  static constexpr size_t kMostBytes = 64 * 1024;
  static constexpr uint64_t kMostMs = 3000;

  /// What `url` (of http) brings, if that is 200 and at most kMostBytes long, within kMostMs.
  /// Through Weir's policy, and without following redirections.
  virtual async::Task<base::Result<std::string>> fetch(std::string url) = 0;
  /// Runs a task that belongs to no client. It ends with the worker at the latest.
  virtual void spawn(async::Task<void> task) = 0;

 protected:
  ~IssuerFetch() = default;
};

/// One fetch at a time for each URL, for all who wait for it. One per worker.
class MissingIssuers {
 public:
  static constexpr size_t kMostAtATime = 8;

  /// `fetch` outlives this, and this outlives the tasks that it spawns.
  explicit MissingIssuers(IssuerFetch& fetch) : fetch_(fetch) {}
  MissingIssuers(const MissingIssuers&) = delete;

  /// Returns when trust->issuers() knows what is at `url`, or nothing; at the deadline; at once if
  /// as many fetches run as may.
  async::Task<void> find(std::string url, std::shared_ptr<net::TrustStore> trust,
                         uint64_t deadline_ms);

 private:
  using Done = std::shared_ptr<async::Signal>;
  class Running;
  async::Task<void> run(std::string url, std::shared_ptr<net::TrustStore> trust, Done done);

  IssuerFetch& fetch_;
  /// At most kMostAtATime.
  std::unordered_map<std::string, Done> running_;
};

}  // namespace weir::origin
