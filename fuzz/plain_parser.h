// A second reader of messages, with which the codec is compared: RFC 9112's grammar word by word,
// and for responses the mending of docs/design/strictness.md, over a whole message in a string.
// Slow and obvious on purpose; it shares no code with src/, and has no limits.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace weir::fuzz {

struct Message {
  enum class Outcome { accepted, incomplete, refused };
  Outcome outcome = Outcome::incomplete;
  /// The head was read to its empty line, and is valid; the bytes after it decide `outcome`.
  bool head_done = false;
  /// For a request.
  std::string method, target;
  /// For a response.
  int status = 0;
  std::string reason;
  int minor_version = 1;
  std::vector<std::pair<std::string, std::string>> fields;
  /// "none", "length N", "chunked" or "close".
  std::string framing;
  std::string content;
  /// Whether the response breaks the grammar and was read all the same.
  bool mended = false;
  /// The number of input bytes that belong to this message, if it was accepted.
  size_t consumed = 0;
  friend bool operator==(const Message&, const Message&) = default;
};

Message plain_request(const std::string& input);
/// The answer to a request with that method. If its content ends with the connection, it stays
/// incomplete.
Message plain_response(const std::string& input, const std::string& request_method);

}  // namespace weir::fuzz
