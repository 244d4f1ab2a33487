// Serves Weir's own pages. Runs after policy and before anything looks for an origin. A CONNECT to
// them becomes a session inside without an origin.
#pragma once
#include <memory>
#include <string>

#include "http/own_names.h"
#include "http/stage.h"
#include "journal/denials.h"

namespace weir::own {

class Own final : public http::Stage {
 public:
  /// `denials` outlives this.
  Own(std::shared_ptr<const http::OwnNames> own, std::string version,
      const journal::Denials& denials)
      : own_(std::move(own)), version_(std::move(version)), denials_(denials) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  base::Result<http::Response> page(const http::Request& request) const;

  const std::shared_ptr<const http::OwnNames> own_;
  const std::string version_;
  const journal::Denials& denials_;
};

/// The tunnel of a CONNECT to our own name: no origin, and a session inside. The Recognise stage
/// tells it by own().
class OwnTunnel final : public http::Tunnel {
 public:
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override;
  bool own() const override { return true; }
};

}  // namespace weir::own
