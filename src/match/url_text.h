// URLs in the one form in which rules compare them.
#pragma once
#include <string>
#include <string_view>

namespace weir::match {

/// The path and query of a URL, so written that two spellings of which an origin makes the same
/// path are the same text (RFC 3986, 6.2.2):
/// - an escaped letter, digit, `-`, `.`, `_` or `~` stands for itself, other escapes have capital
///   hex digits, and what has to be escaped is;
/// - `.` and `..` segments are resolved, and a backslash is a slash;
/// - an empty path is `/`.
/// A fragment does not count. The query keeps its order and its slashes.
std::string normal_path(std::string_view path_and_query);

/// `normal`, which is in that form, as a server reads it that decodes more before it looks for the
/// path: every escape of ASCII but `%`, `?`, `#` and `*`, several slashes as one, and segments
/// without what follows their
/// `;`. Many servers do some of that. Empty if it comes to the same.
std::string other_reading(std::string_view normal);

}  // namespace weir::match
