#include "base/error.h"

#include <array>

namespace weir::base {
namespace {
constexpr std::array<std::string_view, 34> kNames{"dns_timeout",
                                                  "dns_error",
                                                  "destination_not_found",
                                                  "destination_unavailable",
                                                  "destination_ip_prohibited",
                                                  "destination_ip_unroutable",
                                                  "connection_refused",
                                                  "connection_terminated",
                                                  "connection_timeout",
                                                  "connection_read_timeout",
                                                  "connection_write_timeout",
                                                  "connection_limit_reached",
                                                  "tls_protocol_error",
                                                  "tls_certificate_error",
                                                  "tls_alert_received",
                                                  "http_request_error",
                                                  "http_request_denied",
                                                  "http_response_incomplete",
                                                  "http_response_header_section_size",
                                                  "http_response_header_size",
                                                  "http_response_body_size",
                                                  "http_response_trailer_section_size",
                                                  "http_response_trailer_size",
                                                  "http_response_transfer_coding",
                                                  "http_response_content_coding",
                                                  "http_response_timeout",
                                                  "http_upgrade_failed",
                                                  "http_protocol_error",
                                                  "proxy_internal_response",
                                                  "proxy_internal_error",
                                                  "proxy_configuration_error",
                                                  "proxy_loop_detected",
                                                  "client_closed",
                                                  "cancelled"};
static_assert(kNames.size() == static_cast<size_t>(ErrorType::cancelled) + 1);
}  // namespace

std::string_view name_of(ErrorType type) {
  return kNames[static_cast<size_t>(type)];
}

int status_of(ErrorType type) {
  switch (type) {
    case ErrorType::http_request_error: return 400;
    case ErrorType::http_request_denied:
    case ErrorType::destination_ip_prohibited: return 403;
    case ErrorType::destination_not_found:
    case ErrorType::proxy_internal_response:
    case ErrorType::proxy_internal_error:
    case ErrorType::proxy_configuration_error: return 500;
    case ErrorType::destination_unavailable:
    case ErrorType::connection_limit_reached: return 503;
    case ErrorType::dns_timeout:
    case ErrorType::connection_timeout:
    case ErrorType::connection_read_timeout:
    case ErrorType::connection_write_timeout:
    case ErrorType::http_response_timeout: return 504;
    case ErrorType::proxy_loop_detected: return 508;
    default: return 502;
  }
}

Error::Error(ErrorType type, int status, std::string detail, std::string rule)
    : words_(std::make_shared<const Words>(Words{std::move(detail), std::move(rule), {}, {}})),
      type_(type),
      status_(static_cast<uint16_t>(status)) {}

std::string_view Error::detail() const {
  return words_->detail;
}
std::string_view Error::rule() const {
  return words_->rule;
}
std::string_view Error::remedy() const {
  return words_->remedy;
}

std::string_view Error::list() const {
  return words_->list;
}

Error Error::with_remedy(std::string remedy) const {
  Error error = *this;
  Words words = *words_;
  words.remedy = std::move(remedy);
  error.words_ = std::make_shared<const Words>(std::move(words));
  return error;
}

Error Error::with_list(std::string list) const {
  Error error = *this;
  Words words = *words_;
  words.list = std::move(list);
  error.words_ = std::make_shared<const Words>(std::move(words));
  return error;
}

}  // namespace weir::base
