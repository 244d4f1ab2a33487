// Keeps the copies of lists' URLs fresh.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lists/config.h"
#include "lists/copies.h"
#include "lists/refresh.h"
#include "proxy/fetch_list.h"
#include "proxy/house.h"

namespace weir::proxy {

/// Main thread only. Decides when a URL is due, has the house worker fetch it, and takes what comes
/// if it is a list. Most of the time it does nothing.
class ListUpdates {
 public:
  using RunInHouse = std::function<bool(House::Job)>;
  /// At once, so that a start with many lists leaves the network to clients.
  static constexpr size_t kMostAtOnce = 2;

  struct Source {
    int64_t refresh = 0;  // Seconds.
    lists::Tried tried = {};
    lists::CopyState copy = {};
    /// Why the last try failed; empty: it did not, or there was none.
    std::string why = {};
    bool asked = false, running = false;
    /// By chance, from 0 to 1.
    double chance = 0;
  };

  explicit ListUpdates(RunInHouse run_in_house) : run_in_house_(std::move(run_in_house)) {}

  /// What is to be fetched from now on; `folder` is where copies are kept; empty: nowhere, and
  /// nothing is fetched. Lists in `off` are left out.
  void use(const std::string& folder, const lists::ListConfigs& configs,
           const std::set<std::string>& off);
  /// There may be something to do later.
  bool any() const { return !sources_.empty(); }
  /// Something is being fetched: tend() has to do soon.
  bool busy() const;
  /// Call it every few seconds: takes what has come, and has fetched what is due. True: a copy has
  /// changed, and lists have to be loaded again.
  bool tend();
  /// The URL is due now.
  void ask(const std::string& url);
  /// Null: it is not fetched.
  const Source* find(const std::string& url) const;
  /// When it is due, seconds since 1970.
  static int64_t next(const Source& source);

 private:
  bool take(const std::string& url, Fetched fetched);
  void start(const std::string& url, Source& source);

  const RunInHouse run_in_house_;
  lists::Copies copies_{""};
  std::map<std::string, Source> sources_;
  const std::shared_ptr<FetchBox> box_ = std::make_shared<FetchBox>();
};

}  // namespace weir::proxy
