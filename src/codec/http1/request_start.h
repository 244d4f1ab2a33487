// Whether bytes can be the beginning of a request, told from as few of them as possible. Does no
// I/O.
#pragma once
#include <cstdint>
#include <string_view>

namespace weir::http1 {

/// The longest method that counts as one, in bytes.
inline constexpr size_t kLongestRecognisedMethod = 32;

enum class Start : uint8_t {
  empty_line,  // Nothing, or the CRLF that may stand first, or a part of it.
  undecided,   // A part of a method: more bytes are needed.
  request,     // 1 to 32 tchar and a space.
  other,
};

/// One CRLF may stand first (RFC 9112, 2.2).
Start start_of(std::string_view bytes);

/// The same for the whole first line, which must end in HTTP/1.0 or HTTP/1.1.
Start first_line_of(std::string_view bytes);

}  // namespace weir::http1
