// What a session inside a tunnel keeps so that the tunnel can relay in its place without losing
// bytes.
#pragma once
#include <memory>
#include <utility>

#include "base/account.h"
#include "http/way_back.h"
#include "server/http1/client.h"

namespace weir::server {

/// Time in a tunnel, from the first byte. Bytes that are still only a part of a request or a
/// ClientHello after this time are treated as something else.
inline constexpr uint64_t kUndecidedMs = 1000;

/// Made by the tunnel, filled by the session. Used on one worker.
class WayBack final : public http::WayBack {
 public:
  /// Called by the session when it begins; `client` outlives the session's exchanges.
  void attach(Client& client) { client_ = &client; }

  /// Keeps bytes of the head that is being read, as they came.
  void keep(std::string_view bytes) { head_ += bytes; }
  std::string_view kept() const { return head_; }
  /// Drops the kept head: it was sent, or another head begins.
  void forget() { head_.clear(); }

  /// If true, the session has to end so that the tunnel can go on.
  bool taken() const { return static_cast<bool>(connection_); }
  base::Ref<http::PinnedConnection> take_connection() { return std::move(connection_); }
  /// The client's bytes that the origin does not have yet. Called once the session has ended.
  base::Slice take_bytes() { return std::move(bytes_); }
  /// Called by the session at its end, with the client's bytes that were read and not used.
  void finish(base::Slice unread);

  void head_sent() override { forget(); }
  async::Task<base::Result<base::Slice>> beyond() override;
  void give_back(base::Slice bytes) override { given_back_ = std::move(bytes); }
  void take(base::Ref<http::PinnedConnection> connection) override {
    connection_ = std::move(connection);
  }

 private:
  /// Reads more of the client's bytes, behind those in the input. Returns 0 for its end, or -errno.
  ssize_t read_more();

  Client* client_ = nullptr;
  base::ChargedText head_;
  base::Slice given_back_, bytes_;
  base::Ref<http::PinnedConnection> connection_;
  bool beyond_ = false;
};

}  // namespace weir::server
