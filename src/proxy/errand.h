// Requests of Weir's own, which belong to no client: fetching a list, filling a cache.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "async/signal.h"
#include "http/stage.h"

namespace weir::proxy {

class Errands;

/// The head of a GET of that http or https URL, whose answer is not to be encoded. An error if
/// it is no such URL.
base::Result<base::Ref<http::RequestHead>> head_of_errand(const std::string& url,
                                                          std::string_view accept);

/// The record of one such request. Counted: its maker, the request, the response's body. Used on
/// its worker's thread.
class Errand final : public http::Exchange {
 public:
  /// Exists while a client reads what the errand brings: a drain waits for it.
  class Reader {
   public:
    explicit Reader(base::Ref<Errand> errand) : errand_(std::move(errand)) { ++errand_->readers_; }
    Reader(const Reader&) = delete;
    ~Reader() { --errand_->readers_; }

   private:
    const base::Ref<Errand> errand_;
  };

  /// `errands` outlives this.
  Errand(Errands& errands, base::Ref<const http::Pipeline> pipeline,
         base::Ref<const http::Asker> asker);

  /// Nobody waits for an interim response, so it is dropped.
  base::Result<void> interim(const http::ResponseHead&) override { return {}; }
  /// Ends the search for the response, or the next reading of its body, with an error. The
  /// connection to the origin stays until the body is destroyed.
  void cancel(const char* reason) override { interrupt_.fire(reason); }
  async::Interrupt& interrupt() { return interrupt_; }

 private:
  friend class Errands;
  struct Listed : async::Link {
    explicit Listed(Errand& errand) : errand(errand) {}
    Errand& errand;
  };
  Listed listed_{*this};
  async::Interrupt interrupt_;
  size_t readers_ = 0;
};

/// The journal of one worker's errands. It writes no line in the access log and counts errands
/// apart from the exchanges of clients.
class Errands final : public http::Journal {
 public:
  /// `pipeline` is the worker's current one; each errand reads this reference again.
  explicit Errands(const base::Ref<const http::Pipeline>& pipeline);

  /// An errand for run_errand().
  base::Ref<Errand> begin();
  void record(const http::Exchange& exchange) override;
  /// Cancels the errands that no client reads. True if there are others.
  bool cancel_unread(const char* reason);

  /// Since the start: how many have begun, and how many of them have ended with an error.
  uint64_t started() const { return started_; }
  uint64_t failed() const { return failed_; }

 private:
  friend class Errand;
  const base::Ref<const http::Pipeline>& pipeline_;
  const base::Ref<const http::Asker> asker_;
  async::Link all_;
  uint64_t started_ = 0, failed_ = 0;
};

/// Sends a request without content through the stages that are not for clients alone, and returns
/// the response, whose body keeps the errand alive. Destroying the task or the body cancels it.
/// `head` is complete, its target too. Once per errand.
///
/// Errors: what the stages return; connection_limit_reached at the limit of memory;
/// proxy_internal_error for CONNECT; cancelled, after Errand::cancel. The body's errors are those
/// of its origin, and cancelled.
async::Task<base::Result<http::Response>> run_errand(base::Ref<Errand> errand,
                                                     base::Ref<http::RequestHead> head);

}  // namespace weir::proxy
