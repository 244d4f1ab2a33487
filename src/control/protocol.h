// The form of requests and answers on the control socket, see docs/design/control.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::control {

/// Bytes of a first line, with its newline. The longest word to expect is a target, which Weir
/// accepts up to 16 KiB.
inline constexpr size_t kLongestLine = 20 * 1024;
/// Bytes of one request's body, and of the bodies of all requests that are being received or run.
inline constexpr size_t kLargestBody = 1 << 20;
inline constexpr size_t kLargestBodies = 4 << 20;

/// First line of a good answer. Without either, all of the answer is a complaint.
inline constexpr std::string_view kTextFollows = "ok\n", kStreamFollows = "ok stream\n";
/// Ends the text of a stream, so that one that breaks off is not taken for a complete one. A
/// complaint may follow.
inline constexpr char kStreamEnd = '\0';

/// A command and its arguments, separated by spaces. A word can't contain a space; what may contain
/// one is sent in the body.
struct RequestLine {
  /// The line without the length of the body.
  std::string text;
  /// The first is the command's name. Empty if the line is.
  std::vector<std::string> words;
  /// Bytes of the body that follows the line; nothing if none does.
  std::optional<uint64_t> body_length;
};

/// Reads a line, given without its newline. If the last of several words begins with `+`, it is the
/// length of the body in decimal digits. The error is a text for a person.
std::expected<RequestLine, std::string> parse_request_line(std::string_view line);

/// The line, with its newline, that announces a body of that many bytes.
std::string line_with_body(std::string_view words, size_t length);

}  // namespace weir::control
