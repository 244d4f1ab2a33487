// Below it an Error is a value; above it, a response like any other.
#pragma once
#include <string>

#include "http/stage.h"

namespace weir::errors {

class Errors final : public http::Stage {
 public:
  /// `name` is how Proxy-Status calls us (RFC 9209, 2).
  explicit Errors(std::string name) : name_(std::move(name)) {}
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;

 private:
  const std::string name_;
};

/// HTML for those whose Accept has text/html, else plain text; with status and Proxy-Status. Holds
/// nothing of the request but what the error's words quote, escaped.
http::Response error_response(const base::Error& error, std::string_view accept,
                              std::string_view url, std::string_view name);

}  // namespace weir::errors
