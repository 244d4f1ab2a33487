// An HTTP/1 connection to an origin (RFC 9112).
#pragma once
#include <memory>

#include "async/event_loop.h"
#include "async/input.h"
#include "origin/pool/origin_connection.h"

namespace weir::origin {

/// Carries one exchange at a time.
class Http1Connection final : public OriginConnection {
 public:
  using OriginConnection::OriginConnection;

  /// Usually known without a system call, from what the loop has seen. In the turn of the loop in
  /// which a response ended, this asks the kernel once, so that a surplus response is not taken for
  /// the answer to the next request.
  bool quiet() override;
  void rest() override;
  void watch(base::Callback<> call) override;
  std::unique_ptr<OriginExchange> exchange(Lease&& lease, ExchangeContext&& context) override;
  base::Slice take_unread() override { return input.take_all(); }

  async::Input input;

 private:
  void something_came();

  base::Callback<> watcher_;
  uint64_t rested_turn_ = UINT64_MAX;
};

}  // namespace weir::origin
