// Errors are values: what went wrong, what the client is told, and what a person can do about it.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace weir::base {

/// The proxy error types of RFC 9209, section 2.3, and two endings that are no errors (the last
/// two, which have no Proxy-Status). Log, metrics and Proxy-Status use the same word.
enum class ErrorType : uint8_t {
  dns_timeout,
  dns_error,
  destination_not_found,
  destination_unavailable,
  destination_ip_prohibited,
  destination_ip_unroutable,
  connection_refused,
  connection_terminated,
  connection_timeout,
  connection_read_timeout,
  connection_write_timeout,
  connection_limit_reached,
  tls_protocol_error,
  tls_certificate_error,
  tls_alert_received,
  http_request_error,
  http_request_denied,
  http_response_incomplete,
  http_response_header_section_size,
  http_response_header_size,
  http_response_body_size,
  http_response_trailer_section_size,
  http_response_trailer_size,
  http_response_transfer_coding,
  http_response_content_coding,
  http_response_timeout,
  http_upgrade_failed,
  http_protocol_error,
  proxy_internal_response,
  proxy_internal_error,
  proxy_configuration_error,
  proxy_loop_detected,
  client_closed,
  cancelled,
};

/// The type's name as RFC 9209 spells it.
std::string_view name_of(ErrorType type);
/// The status that a client gets for `type`, unless the Error names another. It is the one that RFC
/// 9209 recommends, except for a prohibited address (403: the site is not at fault) and a loop
/// (508).
int status_of(ErrorType type);

/// Why an exchange failed. Small to carry, cheap to copy; the words are on the heap, since an error
/// is rare. `status` is what the client gets if no head has gone out (400 to 599); it follows from
/// the type unless it is given. `rule` names the rule or key that refused, and `detail` says what
/// happened, in a sentence for a person; neither holds secrets, and both may hold bytes from the
/// wire (escape them).
class [[nodiscard]] Error {
 public:
  Error(ErrorType type, std::string detail, std::string rule = {})
      : Error(type, status_of(type), std::move(detail), std::move(rule)) {}
  Error(ErrorType type, int status, std::string detail, std::string rule = {});

  ErrorType type() const { return type_; }
  int status() const { return status_; }
  std::string_view detail() const;
  std::string_view rule() const;
  /// How to allow what was refused, for the error page; empty if there is no way.
  std::string_view remedy() const;
  Error with_remedy(std::string remedy) const;
  /// The entry of a list that refused, as FILE:LINE, for the log; empty: no list did.
  std::string_view list() const;
  Error with_list(std::string list) const;
  /// The client gets no error page: its connection is closed, as it would be without a proxy. The
  /// client knows when to ask again.
  Error without_answer() const {
    Error error = *this;
    error.unanswered_ = true;
    return error;
  }
  bool unanswered() const { return unanswered_; }
  /// A rule of the owner's refuses, and none of Weir's own.
  Error by_owners_rule() const {
    Error error = *this;
    error.is_owners_ = true;
    return error;
  }
  bool is_by_owners_rule() const { return is_owners_; }
  /// The refusal depends on who asked, so it must not answer another client's request.
  bool personal() const {
    return type_ == ErrorType::http_request_denied || type_ == ErrorType::destination_ip_prohibited;
  }

 private:
  struct Words {
    std::string detail, rule, remedy, list;
  };
  std::shared_ptr<const Words> words_;
  ErrorType type_;
  bool unanswered_ = false;
  bool is_owners_ = false;
  uint16_t status_;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorType::connection_refused, "...")` from anything that returns a Result.
inline std::unexpected<Error> fail(ErrorType type, std::string detail, std::string rule = {}) {
  return std::unexpected(Error(type, std::move(detail), std::move(rule)));
}
inline std::unexpected<Error> fail(ErrorType type, int status, std::string detail,
                                   std::string rule = {}) {
  return std::unexpected(Error(type, status, std::move(detail), std::move(rule)));
}

}  // namespace weir::base

// `TRY(auto x, f());` declares x from a Result, or returns its error; `CHECK_OK(f());` is for
// Result<void>. The CO_ forms are for coroutines. Statements, not expressions: they hide a return.
#define WEIR_JOIN_(a, b) a##b
#define WEIR_JOIN(a, b) WEIR_JOIN_(a, b)
#define WEIR_TRY_(result, leave, declaration, ...)               \
  auto result = (__VA_ARGS__);                                   \
  if (!result) leave std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)
#define WEIR_CHECK_(result, leave, ...) \
  if (auto result = (__VA_ARGS__); !result) leave std::unexpected(std::move(result).error())
#define TRY(declaration, ...) \
  WEIR_TRY_(WEIR_JOIN(result_, __COUNTER__), return, declaration, __VA_ARGS__)
#define CHECK_OK(...) WEIR_CHECK_(WEIR_JOIN(result_, __COUNTER__), return, __VA_ARGS__)
#define CO_TRY(declaration, ...) \
  WEIR_TRY_(WEIR_JOIN(result_, __COUNTER__), co_return, declaration, __VA_ARGS__)
#define CO_CHECK(...) WEIR_CHECK_(WEIR_JOIN(result_, __COUNTER__), co_return, __VA_ARGS__)
