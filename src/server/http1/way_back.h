// What a session inside a tunnel keeps so that the tunnel can relay in its place, with nothing
// lost.
#pragma once
#include <memory>
#include <utility>

#include "base/account.h"
#include "http/way_back.h"
#include "server/http1/client.h"

namespace weir::server {

/// In a tunnel, from its first byte on: what is no more than a part of a request or a ClientHello
/// by then is something else.
inline constexpr uint64_t kUndecidedMs = 1000;

/// The tunnel makes it, the session fills it. Of one worker.
class WayBack final : public http::WayBack {
 public:
  /// Called by the session when it begins; `client` outlives the exchanges in it.
  void attach(Client& client) { client_ = &client; }

  /// Bytes of a head that is being read, as they came.
  void keep(std::string_view bytes) { head_ += bytes; }
  std::string_view kept() const { return head_; }
  /// Another head begins.
  void forget() { head_.clear(); }

  /// The session has to end for the tunnel to go on.
  bool taken() const { return connection_ != nullptr; }
  std::unique_ptr<http::PinnedConnection> take_connection() { return std::move(connection_); }
  /// What the origin has not got yet of what the client has sent; once the session has ended.
  base::Slice take_bytes() { return std::move(bytes_); }
  /// By the session, at its end: the client's bytes that were read and not used.
  void finish(base::Slice unread);

  void head_sent() override { forget(); }
  async::Task<base::Result<base::Slice>> beyond() override;
  void give_back(base::Slice bytes) override { given_back_ = std::move(bytes); }
  void take(std::unique_ptr<http::PinnedConnection> connection) override {
    connection_ = std::move(connection);
  }

 private:
  /// More bytes of the client's behind those that are there. 0 for its end, or -errno.
  ssize_t read_more();

  Client* client_ = nullptr;
  base::ChargedText head_;
  base::Slice given_back_, bytes_;
  std::unique_ptr<http::PinnedConnection> connection_;
  bool beyond_ = false;
};

}  // namespace weir::server
