// Max-Forwards: 0 makes us the final recipient of TRACE and OPTIONS (RFC 9110, 7.6.2, 9.3.7 and 9.3.8).
#pragma once
#include "http/stage.h"

namespace weir::validate {

http::Response final_recipient(const http::RequestHead& head);

}  // namespace weir::validate
