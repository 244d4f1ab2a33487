// Fetches what a list's URL leads to.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "async/task.h"
#include "lists/copies.h"

namespace weir::proxy {

class Worker;

struct Fetched {
  enum class What : uint8_t {
    /// It lies where Copies::path_to_write says.
    came,
    /// What is there is still the same.
    same,
    failed,
  };
  What what = What::failed;
  /// Of `came` and `same`.
  lists::CopyState state = {};
  /// Why it failed, in words that follow the URL: `answers 404 Not Found`.
  std::string why = {};
};

/// What a task returns that ends by an exception (async/task.h).
Fetched after_exception(const Fetched*);

/// Where fetches leave what came of them, by URL. Any thread.
class FetchBox {
 public:
  void put(std::string url, Fetched fetched) {
    const std::lock_guard lock(mutex_);
    all_.emplace_back(std::move(url), std::move(fetched));
  }
  std::vector<std::pair<std::string, Fetched>> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(all_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, Fetched>> all_;
};

/// One URL to fetch. Puts something into the box in any case, also if the worker ends first.
class FetchJob {
 public:
  FetchJob(std::string url, std::string part, lists::CopyState state, std::shared_ptr<FetchBox> box)
      : url(std::move(url)), part(std::move(part)), state(std::move(state)), box_(std::move(box)) {}
  FetchJob(const FetchJob&) = delete;
  ~FetchJob() { box_->put(url, std::move(result)); }

  const std::string url;
  /// The file that what comes is written to.
  const std::string part;
  /// Of the copy that is there.
  const lists::CopyState state;
  Fetched result{.why = "was not fetched: there was no worker for it"};

 private:
  const std::shared_ptr<FetchBox> box_;
};

/// Asks for the URL, conditionally if there is a copy, follows redirections, and writes what comes.
/// Through Weir's own policy; at most 256 MiB and a quarter of an hour. On the house worker, which
/// waits for the disk meanwhile.
async::Task<void> fetch_list(Worker& worker, std::shared_ptr<FetchJob> job);

}  // namespace weir::proxy
