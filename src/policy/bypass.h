// The hosts that Weir ships as never opened: bypass.txt, which the build compiles in.
#pragma once
#include <span>
#include <string_view>

namespace weir::policy {

/// A line of it. Static.
struct BypassEntry {
  /// The name and all below it are meant.
  std::string_view suffix;
  /// One of kBypassKinds.
  std::string_view kind;
  /// When somebody last looked at the line: `2026-12-01`.
  std::string_view date;
  std::string_view reason;
};

/// In the order of the file. Any thread.
std::span<const BypassEntry> shipped_bypass();

/// The file as it is.
std::string_view shipped_bypass_text();

}  // namespace weir::policy
