// Serves Weir's own pages. Runs after policy and before anything looks for an origin. A CONNECT to
// them becomes a session inside without an origin.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/own_names.h"
#include "http/stage.h"
#include "journal/denials.h"
#include "stages/own/authority_page.h"

namespace weir::own {

/// Whom to ask about a denial; empty: nobody is named.
struct Contact {
  std::string text;
  /// The same, with a link where it is an address.
  std::string html;
};

/// What a page tells of its client.
struct Context {
  /// Outlives the stage.
  const journal::Denials& denials;
  /// Whether the client may see what was denied at its address. False for one that should log in
  /// and has not: somebody else may sit there. Empty: true for everybody.
  std::function<bool(const http::Request&)> may_see_denials = {};
  /// What clients have to trust where TLS is opened; empty: nothing can be, not even for Weir's own
  /// pages.
  std::vector<Authority> authorities = {};
  std::function<LastTunnel(const http::Request&)> last_tunnel = {};
  Contact contact = {};
};

class Own final : public http::Stage {
 public:
  Own(std::shared_ptr<const http::OwnNames> own, std::string version, Context context)
      : own_(std::move(own)), version_(std::move(version)), context_(std::move(context)) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  base::Result<http::Response> page(const http::Request& request) const;
  http::Response front_page(const http::Request& request) const;
  std::string front_html(const http::Request& request, std::string_view how) const;
  LastTunnel last_tunnel(const http::Request& request) const {
    return context_.last_tunnel ? context_.last_tunnel(request) : LastTunnel();
  }
  Came came(const http::Request& request) const {
    const http::Session& session = request.session();
    return {session.depth > 0 && session.scheme == http::Scheme::https, own_->own_name()};
  }
  std::deque<journal::Denial> denials_of(const http::Request& request) const;

  const std::shared_ptr<const http::OwnNames> own_;
  const std::string version_;
  const Context context_;
};

/// The tunnel of a CONNECT to our own name: no origin, and a session inside. The Recognise stage
/// tells it by own().
class OwnTunnel final : public http::Tunnel {
 public:
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;
  bool own() const override { return true; }
};

}  // namespace weir::own
