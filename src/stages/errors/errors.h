// Turns errors into responses: below this stage an Error is a value, above it a response like any
// other.
#pragma once
#include <string>

#include "http/stage.h"

namespace weir::errors {

class Errors final : public http::Stage {
 public:
  /// `name` is how Proxy-Status calls us (RFC 9209, 2).
  explicit Errors(std::string name) : name_(std::move(name)) {}
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  const std::string name_;
};

/// An HTML page if `accept` has text/html, else plain text; with status and Proxy-Status. Holds
/// nothing of the request but `url` and what the error's words quote, both escaped.
http::Response error_response(const base::Error& error, std::string_view accept,
                              std::string_view url, std::string_view name);

}  // namespace weir::errors
