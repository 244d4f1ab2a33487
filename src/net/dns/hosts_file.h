// /etc/hosts, read by Weir itself, so that Weir knows which addresses come from it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/watched_file.h"

namespace weir::net {

/// The names in a hosts file. A line is as in hosts(5): an address, its names, a comment after `#`.
/// Lines without a valid address are skipped, and so are names that are not host names. One per
/// worker.
class HostsFile {
 public:
  /// Some people keep lists of blocked names here, a hundred thousand and more. Weir does not read
  /// beyond these limits.
  static constexpr size_t kMostBytes = 8 * 1024 * 1024;
  static constexpr size_t kMostNames = 250'000;

  explicit HostsFile(std::string path = "/etc/hosts", size_t most_names = kMostNames)
      : file_(std::move(path), kMostBytes), most_names_(most_names) {}

  /// Reads the file if it has changed; checks at most once a second. True if it was read.
  bool refresh(uint64_t now_ms);
  /// Replaces all names by those in `content`.
  void parse(std::string content);

  /// Appends at most `most` addresses of one family, in the file's order. `name` must be in lower
  /// case, without a trailing dot. False if the file does not have the name at all. If the file has
  /// it only with addresses of the other family, the result is true: then DNS is not asked.
  bool find(std::string_view name, base::IpFamily family, size_t most,
            std::vector<base::IpAddress>& out) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint32_t offset;
    uint8_t length;
    base::IpAddress address;
  };
  std::string_view name_of(const Entry& entry) const {
    return std::string_view(text_).substr(entry.offset, entry.length);
  }
  void parse_line(size_t begin, size_t end);

  base::WatchedFile file_;
  size_t most_names_;
  std::string text_;            // The file in lower case; the entries point into it.
  std::vector<Entry> entries_;  // By name, then in the file's order.
};

/// Whether the name may be looked up: 1 to 253 bytes without a trailing dot, in labels of 1 to 63
/// letters, digits, `-` and `_`.
bool is_host_name(std::string_view name);

}  // namespace weir::net
