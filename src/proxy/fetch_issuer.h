// Fetches an issuer's certificate from where another certificate says that it is.
#pragma once
#include <string>

#include "origin/connect/missing_issuers.h"

namespace weir::proxy {

class Worker;

/// By an errand, so that policy decides whether Weir may ask there. One per worker, which outlives
/// its tasks.
class IssuerFetcher final : public origin::IssuerFetch {
 public:
  explicit IssuerFetcher(Worker& worker) : worker_(worker) {}
  async::Task<base::Result<std::string>> fetch(std::string url) override;
  void spawn(async::Task<void> task) override;

 private:
  Worker& worker_;
};

}  // namespace weir::proxy
