// Request methods (RFC 9110, section 9) that forwarding treats specially. Any other token passes
// through.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::http {

enum class Method : uint8_t { other, get, head, post, put, del, connect, options, trace };

/// Methods are case-sensitive (RFC 9110, 9.1).
constexpr Method method_of(std::string_view token) {
  switch (token.size()) {
    case 3: return token == "GET" ? Method::get : token == "PUT" ? Method::put : Method::other;
    case 4: return token == "HEAD" ? Method::head : token == "POST" ? Method::post : Method::other;
    case 5: return token == "TRACE" ? Method::trace : Method::other;
    case 6: return token == "DELETE" ? Method::del : Method::other;
    case 7:
      return token == "CONNECT"   ? Method::connect
             : token == "OPTIONS" ? Method::options
                                  : Method::other;
    default: return Method::other;
  }
}

/// RFC 9110, 9.2.2: the request may be sent again if the connection died.
constexpr bool is_idempotent(Method method) {
  return method != Method::other && method != Method::post && method != Method::connect;
}

}  // namespace weir::http
