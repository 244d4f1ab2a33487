// A compiled list: hosts, networks and URLs over the bytes of an image, and where each is from.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "match/domain_set.h"
#include "match/list_sources.h"
#include "match/network_table.h"
#include "match/url_table.h"

namespace weir::match {

/// The sections of an image, in this order; then ListFooter, then a DomainSetTrailer with the
/// checksum of all before it.
enum class ListSection : uint8_t { domains, networks, urls, sources };
inline constexpr size_t kListSections = 4;

/// Goes up when the sections or the ways in which lines are read change, so that older images are
/// made anew.
inline constexpr uint32_t kListImageVersion = 2;
inline constexpr uint64_t kListImageMagic = 0x3154534C'52494557;  // "WEIRLST1"

/// What an image was made from, as its maker identifies it.
struct ListDigests {
  /// Of the names of the sources and of the owner's own lines.
  SourceDigest sources{};
  /// Of these and of the contents.
  SourceDigest contents{};
  friend bool operator==(const ListDigests&, const ListDigests&) = default;
};

struct ListFooter {
  uint64_t magic = kListImageMagic;
  uint32_t version = kListImageVersion;
  uint32_t unused = 0;
  std::array<uint64_t, kListSections> bytes{};
  ListDigests digests;
  std::array<uint64_t, 2> unused_too{};
};
static_assert(sizeof(ListFooter) % kSectionAlignment == 0);

/// What is known of what is asked for.
struct ListQuery {
  KnownUrl url;
  /// The address that the host is, or leads to.
  std::optional<base::IpAddress> address = {};
};

/// Does not own the image. Any thread, any number at once. Nothing outside the image is read,
/// whatever its bytes are; one that is damaged answers wrongly at worst, and checksum_holds tells.
class ListImage {
 public:
  /// Fails if `image` is of another version, cut, or its parts do not fit. The time does not depend
  /// on the size. `image` must outlive this.
  static base::Result<std::unique_ptr<const ListImage>> over(std::span<const std::byte> image);
  ListImage(const ListImage&) = delete;

  /// Whether the list has the host, the address or the URL. Unknown: the address or the path may
  /// tell. `line` is set, as a running number, if it has.
  Finding find(const ListQuery& query, uint32_t& line) const;

  /// Reads the whole image, so call it off the workers.
  bool checksum_holds() const;

  const DomainSet& domains() const { return *domains_; }
  bool has_networks() const { return !networks_.empty(); }
  bool has_urls() const { return !urls_->empty(); }
  std::span<const ListSource> sources() const { return sources_; }
  const ListDigests& digests() const { return footer_.digests; }
  const DomainKey& key() const { return domains_->key(); }
  /// Names, networks and URLs that the sources have, with those that they have several times.
  uint64_t entries() const;

 private:
  ListImage(std::span<const std::byte> image, const ListFooter& footer)
      : image_(image), footer_(footer) {}

  const std::span<const std::byte> image_;
  const ListFooter footer_;
  std::unique_ptr<const DomainSet> domains_;
  NetworkTable networks_;
  std::unique_ptr<const UrlTable> urls_;
  std::vector<ListSource> sources_;
};

}  // namespace weir::match
