// Refuses requests whatever they ask for: because of who asks, or because memory is at its limit.
#pragma once
#include <cstdint>
#include <functional>

#include "base/callback.h"
#include "base/error.h"
#include "base/ip.h"
#include "http/stage.h"

namespace weir::admission {

/// The refusal of a client that `clients` of its listener does not cover.
base::Error not_served(const base::IpAddress& client);

/// What the stage needs from its worker, which outlives it.
struct Context {
  /// Whether `clients` of the session's listener does not cover its client, in the current
  /// configuration. Empty: every client that has connected is admitted.
  std::function<bool(const http::Session&)> refuses;
  /// Called for each request that is refused because memory is at its limit.
  base::Callback<> refused_for_memory;
};

/// Stands above validate: what a client that is not served has sent does not matter, not even that
/// it is malformed. Each refusal is the last answer on the client's connection.
class Admission final : public http::Stage {
 public:
  explicit Admission(Context context) : context_(std::move(context)) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  enum class Why : uint8_t { not_refused, too_many_connections, not_served, no_memory };
  Why why_refused(const http::Request& request) const;
  base::Error refusal(Why why, const http::Session& session) const;

  const Context context_;
};

}  // namespace weir::admission
