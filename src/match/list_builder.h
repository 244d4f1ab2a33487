// Makes the image of a list from several sources.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "match/domain_set_builder.h"
#include "match/list_entry.h"
#include "match/list_image.h"
#include "match/network_table.h"
#include "match/url_table.h"

namespace weir::match {

/// Use it once, on one thread that is no worker: a million names take about half a second.
class ListBuilder final : public ListSink {
 public:
  explicit ListBuilder(const DomainKey& key) : domains_(key), urls_(key) {}

  /// What is added from here on is from this source, up to end_source().
  void begin_source(std::string name);
  /// False if the sources have more lines than can be numbered: about four thousand million.
  bool end_source(ListReport report);

  bool add_domain(std::string_view name, DomainKind kind, uint32_t line) override;
  bool add_network(const base::Cidr& network, uint32_t line) override;
  bool add_url(const UrlPrefix& url, uint32_t line) override;

  /// Writes the image. Fails if the sink does.
  base::Result<void> write(const ListDigests& digests, const ImageSink& sink) &&;

 private:
  /// The running number of a line of the current source.
  uint32_t running(uint32_t line) const { return sources_.back().first_line + line - 1; }

  DomainSetBuilder domains_;
  NetworkTableBuilder networks_;
  UrlTableBuilder urls_;
  std::vector<ListSource> sources_;
  uint32_t next_line_ = 0;
};

}  // namespace weir::match
