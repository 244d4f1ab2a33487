#include "origin/connect/missing_issuers.h"

#include "async/event_loop.h"
#include "base/clock.h"

namespace weir::origin {
namespace {

async::Task<bool> changed(std::shared_ptr<async::Signal> done, uint64_t seen) {
  co_await done->changed(seen);
  co_return true;
}

async::Task<bool> late(uint64_t deadline_ms) {
  async::Sleep sleep(deadline_ms);
  co_await sleep;
  co_return false;
}

}  // namespace

/// A fetch that others wait for, also if it is cancelled.
class MissingIssuers::Running {
 public:
  Running(MissingIssuers& all, const std::string& url, Done done)
      : all_(all), url_(url), done_(std::move(done)) {}
  Running(const Running&) = delete;
  ~Running() {
    all_.running_.erase(url_);
    done_->notify();
  }

 private:
  MissingIssuers& all_;
  const std::string& url_;
  const Done done_;
};

async::Task<void> MissingIssuers::run(std::string url, std::shared_ptr<net::TrustStore> trust,
                                      Done done) {
  const Running running(*this, url, std::move(done));
  const auto content = co_await fetch_.fetch(url);
  auto found = content ? net::certificates_in(*content) : std::vector<net::CertificatePtr>();
  trust->issuers().fetched.put(url, std::move(found), base::monotonic_ms());
}

async::Task<void> MissingIssuers::find(std::string url, std::shared_ptr<net::TrustStore> trust,
                                       uint64_t deadline_ms) {
  Done done;
  uint64_t seen = 0;
  if (const auto known = running_.find(url); known != running_.end()) {
    done = known->second;
    seen = done->version();
  } else {
    if (running_.size() == kMostAtATime) co_return;
    done = std::make_shared<async::Signal>();
    seen = done->version();
    running_.emplace(url, done);
    fetch_.spawn(run(url, std::move(trust), done));
  }
  co_await async::first_of(changed(done, seen), late(deadline_ms));
}

}  // namespace weir::origin
