// Turns errors into responses: below this stage an Error is a value, above it a response like any
// other.
#pragma once
#include <string>

#include "http/stage.h"
#include "stages/errors/pages.h"

namespace weir::errors {

class Errors final : public http::Stage {
 public:
  /// `name` is how Proxy-Status calls us (RFC 9209, 2).
  explicit Errors(std::string name, Pages pages = {})
      : name_(std::move(name)), pages_(std::move(pages)) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  /// `head` is the request's as it came.
  http::Response page_about(const base::Error& error, const http::Request& request,
                            const http::RequestHead& head) const;

  const std::string name_;
  const Pages pages_;
};

/// An HTML page if `accept` has text/html, else plain text; with status and Proxy-Status. Holds
/// nothing of the request but the facts and what the error's words quote, all escaped.
http::Response error_response(const PageFacts& facts, std::string_view accept, const Pages& pages,
                              std::string_view name);

}  // namespace weir::errors
