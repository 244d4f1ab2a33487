// What a tunnel's handshake with its origin has found.
#pragma once
#include <cstdint>
#include <optional>

#include "base/error.h"

namespace weir::http {

struct Secured {
  enum class How : uint8_t {
    done,
    certificate_asked,  // The origin wants to see a certificate of the client's.
    no_protocol,        // It does not speak what Weir speaks (RFC 7301).
    untrusted,          // Its certificate can't be verified.
    failed,
  };
  How how = How::done;
  /// The certificate's validity, in seconds since 1970, if it is done.
  int64_t valid_from_s = 0, valid_to_s = 0;
  /// Why it is not done.
  std::optional<base::Error> error = {};
};
inline Secured after_exception(const Secured*) {
  Secured ended;
  ended.how = Secured::How::failed;
  ended.error =
      base::Error(base::ErrorType::proxy_internal_error, "A handshake could not be made.");
  return ended;
}

}  // namespace weir::http
