#include "match/list_image.h"

#include <array>
#include <numeric>

namespace weir::match {
namespace {

std::unexpected<base::Error> refuse(const char* why) {
  return base::fail(base::ErrorType::proxy_internal_error, why);
}

constexpr size_t kEndBytes = sizeof(ListFooter) + sizeof(DomainSetTrailer);

base::Result<ListFooter> read_footer(std::span<const std::byte> image) {
  if (image.size() < kEndBytes) return refuse("It is cut off.");
  const auto footer = load<ListFooter>(image, image.size() - kEndBytes);
  if (footer.magic != kListImageMagic) return refuse("It is no list image of this machine.");
  if (footer.version != kListImageVersion) return refuse("It is of another version.");
  uint64_t left = image.size() - kEndBytes;
  for (const uint64_t bytes : footer.bytes) {
    if (bytes > left) return refuse("Its parts are longer than it is.");
    left -= bytes;
  }
  if (left != 0) return refuse("Its parts are shorter than it is.");
  return footer;
}

}  // namespace

base::Result<std::unique_ptr<const ListImage>> ListImage::over(std::span<const std::byte> image) {
  TRY(const ListFooter footer, read_footer(image));
  std::array<std::span<const std::byte>, kListSections> sections;
  std::span<const std::byte> rest = image;
  for (size_t i = 0; i < kListSections; ++i) {
    sections[i] = rest.first(footer.bytes[i]);
    rest = rest.subspan(footer.bytes[i]);
  }
  const auto section = [&](ListSection which) { return sections[static_cast<size_t>(which)]; };
  std::unique_ptr<ListImage> list(new ListImage(image, footer));
  TRY(list->domains_, DomainSet::over(section(ListSection::domains)));
  TRY(list->urls_, UrlTable::over(section(ListSection::urls)));
  const auto networks = NetworkTable::over(section(ListSection::networks));
  if (!networks) return refuse("Its table of networks is damaged.");
  list->networks_ = *networks;
  auto sources = sources_in(section(ListSection::sources));
  if (!sources) return refuse("Its table of sources is damaged.");
  list->sources_ = *std::move(sources);
  return list;
}

Finding ListImage::find(const ListQuery& query, uint32_t& line) const {
  if (const auto domain = domains_->find(query.url.host)) {
    line = domain->source;
    return Finding::yes;
  }
  Finding found = Finding::no;
  if (!networks_.empty()) {
    if (!query.address) found = Finding::unknown;
    const auto network = query.address ? networks_.find(*query.address) : std::nullopt;
    if (network) {
      line = *network;
      return Finding::yes;
    }
  }
  const Finding url = urls_->find(query.url, line);
  return url == Finding::no ? found : url;
}

bool ListImage::checksum_holds() const {
  const size_t trailer = image_.size() - sizeof(DomainSetTrailer);
  ImageChecksum sum(kListImageMagic);
  sum.add(image_.first(trailer));
  return load<DomainSetTrailer>(image_, trailer) == DomainSetTrailer(sum.value());
}

uint64_t ListImage::entries() const {
  return std::accumulate(
      sources_.begin(), sources_.end(), uint64_t{0},
      [](uint64_t sum, const ListSource& each) { return sum + each.report.entries(); });
}

}  // namespace weir::match
