// An immutable set of URL prefixes over the bytes of an image.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "match/domain_set.h"
#include "match/image_writer.h"
#include "match/url_prefix.h"

namespace weir::match {

/// Makes the bytes of a UrlTable. Use it once.
class UrlTableBuilder {
 public:
  /// The most bytes of all URLs.
  static constexpr size_t kMostBytes = size_t{1} << 28;

  explicit UrlTableBuilder(const DomainKey& key, size_t most_bytes = kMostBytes)
      : key_(key), most_bytes_(most_bytes) {}
  /// False if there are too many. Of URLs of which one has all that another has, only that one is
  /// kept, and of equal ones the one with the lowest source.
  bool add(const UrlPrefix& url, uint32_t source);
  base::Result<void> write(ImageWriter& to) &&;

 private:
  struct Entry {
    uint32_t text;
    uint16_t host_length, key_length;
    bool star;
    uint32_t source;
  };
  bool add_for(bool https, const UrlPrefix& url, uint32_t source);
  std::string_view host(const Entry& entry) const {
    return std::string_view(texts_).substr(entry.text, entry.host_length);
  }
  std::string_view key(const Entry& entry) const {
    return std::string_view(texts_).substr(entry.text + entry.host_length, entry.key_length);
  }
  void sort_and_unite();
  base::Result<void> write_hosts(ImageWriter& to, std::vector<uint32_t>& first_of_host) const;

  const DomainKey key_;
  const size_t most_bytes_;
  std::string texts_;
  std::vector<Entry> entries_;
};

/// What is known of a URL that is asked for.
struct KnownUrl {
  const HostHashes& host;
  uint16_t port = 0;
  std::optional<bool> https = {};
  /// Path and query in the form of normal_path().
  std::optional<std::string_view> path = {};
};

/// Whether a list has something. Unknown: more has to be known.
enum class Finding : uint8_t { no, yes, unknown };

/// Does not own the bytes. Any thread, any number at once.
class UrlTable {
 public:
  /// Fails if the counts in `bytes` do not fit it. Takes no time that depends on the size.
  static base::Result<std::unique_ptr<const UrlTable>> over(std::span<const std::byte> bytes);
  UrlTable(const UrlTable&) = delete;

  /// Unknown if only the path can tell. `source` is set if it is found.
  Finding find(const KnownUrl& url, uint32_t& source) const;
  bool empty() const { return hosts_->size() == 0; }

 private:
  struct Header {
    uint64_t host_bytes = 0;
    uint32_t hosts = 0, urls = 0;
    uint64_t text_bytes = 0, unused = 0;
  };
  struct Entry {
    /// Where the text begins, and whether the URL has a star.
    uint32_t begin_and_star;
    uint32_t source;
  };
  /// The entries of one host.
  struct Range {
    size_t first, end;
  };
  struct Url {
    std::string_view key;
    bool star;
    uint32_t source;
  };
  friend class UrlTableBuilder;

  explicit UrlTable(std::unique_ptr<const DomainSet> hosts) : hosts_(std::move(hosts)) {}
  std::optional<Range> range_of(const HostHashes& host) const;
  Url at(size_t number) const;
  /// The number of entries of the range up to the last one that is not behind `key`.
  size_t up_to(const Range& range, std::string_view key) const;
  Finding find_without_path(const Range& range, bool https, uint16_t port, uint32_t& source) const;
  Finding find_key(const Range& range, std::string_view key, uint32_t& source) const;

  const std::unique_ptr<const DomainSet> hosts_;
  std::span<const std::byte> ranges_, entries_, texts_;
  uint32_t urls_ = 0;
};

}  // namespace weir::match
