#include "config/named_files.h"

#include <filesystem>
#include <utility>

#include "config/text_file.h"
#include "http/page_template.h"

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

/// The page in that file; nothing if it has mistakes, which have their place in the file.
std::optional<http::PageTemplate> read_page(const std::string& path, Mistakes& mistakes) {
  const uint32_t number = mistakes.add_file(path);
  auto file = read_text_file(path, http::PageTemplate::kLargest, Openable::ordinary);
  if (!file) {
    mistakes.add({number, {}}, "cannot be read: " + file.error(), "");
    return std::nullopt;
  }
  auto page = http::PageTemplate::parse(std::move(file->text), errors::kValueNames);
  if (page) return *std::move(page);
  for (const http::PageTemplate::Fault& fault : page.error())
    mistakes.add({number, {fault.line, fault.column}}, fault.found, fault.expected);
  return std::nullopt;
}

void read_pages(Config& config, const Sources& sources, Mistakes& mistakes) {
  const std::filesystem::path folder = config.pages.folder;
  if (folder.empty()) return;
  const auto wrong = [&](const std::string& why) {
    mistakes.add(sources.find("pages", "folder")->at,
                 "folder is " + in_quotes(config.pages.folder) + ": " + why,
                 "a folder with denied.html, error.html or both");
  };
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    return wrong(error ? error.message() : "it is no folder");
  auto templates = std::make_shared<errors::Templates>();
  bool any = false;
  for (const auto& [name, page] :
       {std::pair("denied.html", &templates->denied), std::pair("error.html", &templates->error)}) {
    // A link that leads nowhere is there, and can't be read.
    if (!std::filesystem::exists(std::filesystem::symlink_status(folder / name, error))) continue;
    any = true;
    *page = read_page(folder / name, mistakes);
  }
  if (!any) return wrong("it has no page");
  config.pages.templates = std::move(templates);
}

}  // namespace

void read_named_files(Config& config, const Sources& sources, Mistakes& mistakes) {
  read_countries(config, sources, mistakes);
  read_pages(config, sources, mistakes);
}

}  // namespace weir::config
