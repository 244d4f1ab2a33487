// A second reader of messages, to hold the first against: RFC 9112's grammar word by word, and for
// responses what docs/design/strictness.md mends, over a whole message in a string. Slow and
// obvious on purpose; it shares no code with src/, and has no limits.
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace weir::fuzz {

struct Message {
  enum class Outcome { accepted, incomplete, refused };
  Outcome outcome = Outcome::incomplete;
  /// The head was read to its empty line, and is sound; what follows it decides `outcome`.
  bool head_done = false;
  /// Of a request.
  std::string method, target;
  /// Of a response.
  int status = 0;
  std::string reason;
  int minor_version = 1;
  std::vector<std::pair<std::string, std::string>> fields;
  /// "none", "length N", "chunked" or "close".
  std::string framing;
  std::string content;
  /// A response that is not to the letter, read all the same.
  bool mended = false;
  /// Bytes of the input that were this message's, if it was accepted.
  size_t consumed = 0;
  friend bool operator==(const Message&, const Message&) = default;
};

Message plain_request(const std::string& input);
/// The answer to a request of that method. One whose content lasts until the connection ends stays
/// incomplete.
Message plain_response(const std::string& input, const std::string& request_method);

}  // namespace weir::fuzz
