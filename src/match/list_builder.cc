#include "match/list_builder.h"

#include "match/url_text.h"

namespace weir::match {

void ListBuilder::begin_source(std::string name) {
  sources_.push_back({.name = std::move(name), .first_line = next_line_, .report = {}});
}

bool ListBuilder::end_source(ListReport report) {
  if (report.lines > UINT32_MAX - next_line_) return false;
  next_line_ += report.lines;
  sources_.back().report = std::move(report);
  return true;
}

bool ListBuilder::add_domain(std::string_view name, DomainKind kind, uint32_t line) {
  return domains_.add(name, kind, running(line)) == DomainSetBuilder::Added::yes;
}

bool ListBuilder::add_network(const base::Cidr& network, uint32_t line) {
  return networks_.add(network, running(line));
}

bool ListBuilder::add_url(const UrlPrefix& url, uint32_t line) {
  if (!urls_.add(url, running(line))) return false;
  // A request is also asked about as some servers read its path.
  UrlPrefix other = url;
  other.path = other_reading(url.path);
  return other.path.empty() || urls_.add(other, running(line));
}

base::Result<void> ListBuilder::write(const ListDigests& digests, const ImageSink& sink) && {
  ListFooter footer{.digests = digests};
  ImageWriter to(sink, kListImageMagic);
  size_t begin = 0;
  const auto end = [&](ListSection section) {
    footer.bytes[static_cast<size_t>(section)] = to.size() - begin;
    begin = to.size();
  };
  CHECK_OK(std::move(domains_).write(digests.contents, [&to](std::span<const std::byte> bytes) {
    to.append(bytes);
    return base::Result<void>();
  }));
  end(ListSection::domains);
  std::move(networks_).write(to);
  end(ListSection::networks);
  CHECK_OK(std::move(urls_).write(to));
  end(ListSection::urls);
  to.append(bytes_of(sources_));
  to.end_section();
  end(ListSection::sources);
  to.append_value(footer);
  return to.finish();
}

}  // namespace weir::match
