// Checks a request before any other stage trusts its fields: the codec's verdict, target and
// session, loops, hop-by-hop fields (RFC 9110, 7; RFC 9112, 3.2).
#pragma once
#include <memory>
#include <string>

#include "http/own_names.h"
#include "http/stage.h"

namespace weir::validate {

class Validate final : public http::Stage {
 public:
  /// `via` is our name in Via; a request that already carries it has gone in a loop.
  Validate(std::shared_ptr<const http::OwnNames> own, std::string via)
      : own_(std::move(own)), via_(std::move(via)) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  base::Result<void> check_target(const http::Request& request) const;
  bool loops(const http::Fields& fields) const;

  const std::shared_ptr<const http::OwnNames> own_;
  const std::string via_;
};

}  // namespace weir::validate
