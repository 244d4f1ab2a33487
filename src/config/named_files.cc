#include "config/named_files.h"

namespace weir::config {
namespace {

void read_countries(Config& config, const Sources& sources, Mistakes& mistakes) {
  const std::string& path = config.policy.geo;
  if (path.empty()) return;
  auto file = match::CountryFile::open(path);
  if (file) {
    config.policy.countries = *std::move(file);
    return;
  }
  mistakes.add(sources.find("policy", "geo")->at,
               "geo is " + in_quotes(path) + ": " + std::string(file.error().detail()),
               "a database of countries, such as GeoLite2-Country.mmdb");
}

}  // namespace

void read_named_files(Config& config, const Sources& sources, Mistakes& mistakes) {
  read_countries(config, sources, mistakes);
}

}  // namespace weir::config
