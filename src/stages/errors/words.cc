#include "stages/errors/words.h"

namespace weir::errors {

using base::ErrorType;

std::string_view headline_of(const base::Error& error) {
  switch (error.type()) {
    case ErrorType::dns_error:
    case ErrorType::destination_not_found: return "The site could not be found";
    case ErrorType::dns_timeout: return "The site's name could not be looked up in time";
    case ErrorType::connection_refused: return "The site refused the connection";
    case ErrorType::connection_timeout: return "The site can't be reached: no answer in time";
    case ErrorType::destination_ip_unroutable:
    case ErrorType::destination_unavailable: return "The site can't be reached from here";
    case ErrorType::connection_limit_reached: return "The proxy is at its limit";
    case ErrorType::destination_ip_prohibited: return "This destination is not allowed";
    case ErrorType::http_request_denied:
      return error.status() == 421 ? "This request came to the wrong place"
                                   : "This request is not allowed";
    case ErrorType::http_request_error:
      switch (error.status()) {
        case 408: return "The request came too slowly";
        case 413: return "The request is too large";
        case 414: return "The address is too long";
        case 417: return "The request expects something that is not known";
        case 431: return "The request's fields are too large";
        case 501: return "This is not supported";
        case 505: return "This version of HTTP is not supported";
        default: return "The request is malformed";
      }
    case ErrorType::proxy_loop_detected: return "The request goes in a circle";
    case ErrorType::http_response_timeout:
    case ErrorType::connection_read_timeout:
    case ErrorType::connection_write_timeout: return "The site took too long to answer";
    case ErrorType::connection_terminated:
    case ErrorType::http_response_incomplete: return "The site broke off the connection";
    case ErrorType::http_protocol_error:
    case ErrorType::http_response_transfer_coding:
    case ErrorType::http_response_header_section_size:
    case ErrorType::http_response_trailer_section_size:
    case ErrorType::http_upgrade_failed: return "The site's answer is not valid";
    case ErrorType::tls_certificate_error: return "The site can't show who it is";
    case ErrorType::tls_alert_received:
    case ErrorType::tls_protocol_error: return "No secure connection to the site is possible";
    default: return "Something went wrong in the proxy";
  }
}

std::string_view advice_of(const base::Error& error) {
  switch (error.type()) {
    case ErrorType::dns_error:
    case ErrorType::destination_not_found:
      return "Check how the name is written. If other sites fail too, check the network and the "
             "name servers that the proxy asks.";
    case ErrorType::dns_timeout:
      return "Try again in a moment. If other names fail too, check the network and the name "
             "servers that the proxy asks.";
    case ErrorType::connection_refused:
      return "Nothing listens on that port, or a firewall turns connections away. Check the port, "
             "or try again later.";
    case ErrorType::connection_timeout:
      return "The site may be down, or a firewall on the way drops what is sent to it. Try again "
             "later.";
    case ErrorType::destination_ip_unroutable:
    case ErrorType::destination_unavailable:
      return "Check that the machine that runs the proxy is connected to a network that leads "
             "there.";
    case ErrorType::connection_limit_reached:
      if (error.rule() == "login") return "Try again in a moment, with the same name and password.";
      return "Try again in a moment. If it lasts, the machine that runs the proxy needs higher "
             "limits.";
    case ErrorType::destination_ip_prohibited:
      return error.remedy().empty() ? "No setting of the proxy opens this." : std::string_view();
    case ErrorType::proxy_loop_detected:
      return "Something on the way sends this proxy's requests back to it. Check the proxies and "
             "redirections there.";
    case ErrorType::http_response_timeout:
    case ErrorType::connection_read_timeout:
    case ErrorType::connection_write_timeout: return "The site may be busy. Try again later.";
    case ErrorType::connection_terminated:
    case ErrorType::http_response_incomplete:
      return "Try again. If it happens each time, the fault is the site's.";
    case ErrorType::http_protocol_error:
    case ErrorType::http_response_transfer_coding:
    case ErrorType::http_response_header_section_size:
    case ErrorType::http_response_trailer_section_size:
    case ErrorType::http_upgrade_failed:
      return "The fault is the site's. The proxy passes on no answer that two programs could read "
             "in two ways.";
    case ErrorType::tls_certificate_error:
      return "Nothing was sent to it: somebody else may answer in its place. If the site is yours, "
             "look at its certificate.";
    case ErrorType::tls_alert_received:
    case ErrorType::tls_protocol_error:
      return "Check the port: another one may speak plain HTTP. Else the fault is the site's.";
    default: return {};
  }
}

}  // namespace weir::errors
