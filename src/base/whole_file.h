// Small files that are read and written as a whole.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

/// The content of an ordinary file of at most `most` bytes. `why` says what failed; it stays empty
/// if there is no such file. Waits for the disk.
std::optional<std::string> read_whole_file(const std::string& path, size_t most, std::string& why);

/// Writes `path` with the suffix ".new" (mode 0600), syncs it and renames it to `path`, so that a
/// reader finds the old content or the new one, also after a power cut. Returns empty, or what
/// failed; then the old file stays. One writer per path at a time. Waits for the disk.
std::string replace_file(const std::string& path, std::string_view content);

}  // namespace weir::base
