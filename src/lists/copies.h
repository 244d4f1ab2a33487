// The last good copies of what lists' URLs lead to.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace weir::lists {

/// What is known of a copy. Times are seconds since 1970.
struct CopyState {
  /// Of the response that the copy is from; empty if it had none (RFC 9110, 8.8).
  std::string etag, last_modified;
  /// When the copy came, and when its server last said that it is still the same; 0: never.
  int64_t fetched = 0, checked = 0;
  friend bool operator==(const CopyState&, const CopyState&) = default;
};

/// Files in one folder: for each URL the copy and what is known of it. All calls wait for the disk.
class Copies {
 public:
  /// Empty: nothing can be kept.
  explicit Copies(std::string folder) : folder_(std::move(folder)) {}
  bool can_keep() const { return !folder_.empty(); }

  /// Whether or not there is one.
  std::string path_of(std::string_view url) const { return base_of(url) + ".txt"; }
  /// Where to write what comes; one writer per URL at a time.
  std::string path_to_write(std::string_view url) const { return base_of(url) + ".part"; }
  /// Without a copy, or where it is of another URL, nothing is known.
  CopyState state_of(std::string_view url) const;

  /// Makes what was written the copy, if it is a list and has something. The error says why not;
  /// then all stays as it was, and what was written is gone.
  std::expected<void, std::string> take(std::string_view url, const CopyState& state) const;
  /// Notes that the copy is still the same.
  std::expected<void, std::string> note(std::string_view url, const CopyState& state) const;

 private:
  std::string base_of(std::string_view url) const;

  std::string folder_;
};

}  // namespace weir::lists
