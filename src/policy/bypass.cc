#include "policy/bypass.h"

#include <vector>

#include "base/text.h"

namespace weir::policy {
namespace {

/// Up to the next blank, which goes too.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

std::vector<BypassEntry> entries_of(std::string_view text) {
  std::vector<BypassEntry> entries;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = base::trim(line);
    if (line.empty() || line.front() == '#') continue;
    BypassEntry entry;
    entry.suffix = take_word(line);
    entry.kind = take_word(line);
    entry.date = take_word(line);
    entry.reason = line;
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace

std::span<const BypassEntry> shipped_bypass() {
  static const std::vector<BypassEntry> entries = entries_of(shipped_bypass_text());
  return entries;
}

}  // namespace weir::policy
