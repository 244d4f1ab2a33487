#include "lists/check_sources.h"

#include <string_view>

#include "lists/source_file.h"
#include "lists/url.h"

namespace weir::lists {
namespace {

void add_notes(const std::string& path, const match::ListReport& report,
               std::vector<std::string>& notes) {
  notes.push_back(path + ": " + counts_of(report));
  for (const match::ListReport::Line& line : report.first_not_taken)
    notes.push_back(path + ':' + std::to_string(line.number) + ": " + line.why + ": " + line.text);
  if (report.not_taken > report.first_not_taken.size()) notes.push_back(path + ": and others");
}

}  // namespace

std::string counts_of(const match::ListReport& report) {
  std::string text;
  const auto add = [&](std::string_view what, uint32_t count) {
    if (count == 0) return;
    if (!text.empty()) text += ", ";
    text += what;
    text += ' ' + std::to_string(count);
  };
  for (size_t i = 0; i < match::kListForms; ++i)
    add(match::name_of(static_cast<match::ListForm>(i)), report.taken[i]);
  add("not taken", report.not_taken);
  add("of these exceptions", report.exceptions);
  return text.empty() ? "nothing" : text;
}

CheckedSources check_sources(const ListConfigs& configs) {
  CheckedSources checked;
  for (const auto& [name, config] : configs) {
    for (size_t i = 0; i < config.paths.size(); ++i) {
      match::NoSink sink;
      const auto read = read_source(config.paths[i], sink);
      if (read)
        add_notes(config.paths[i], read->report, checked.notes);
      else
        checked.mistakes.push_back(config.path_places[i] + ": " + read.error());
    }
    for (const std::string& url : config.urls)
      checked.notes.push_back(url + ": is fetched while Weir runs");
  }
  return checked;
}

}  // namespace weir::lists
