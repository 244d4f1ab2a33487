#include "config/mistake.h"

#include <algorithm>
#include <tuple>

namespace weir::config {

namespace {

std::string line_and_column(const Position& at) {
  return std::to_string(at.line) + ':' + std::to_string(at.column);
}

/// At most `most` bytes, cut between two characters.
std::string cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
  return text + "...";
}

constexpr size_t kLongestFound = 600;

}  // namespace

std::string Mistake::text() const {
  std::string out = file;
  if (at.line != 0) out += ':' + line_and_column(at);
  out += ": " + found;
  if (!expected.empty()) out += "; expected " + expected;
  if (!nearest.empty()) out += "; the nearest one is " + nearest;
  return without_controls(out);
}

std::string text_of(const std::vector<Mistake>& mistakes) {
  std::string out;
  for (const Mistake& mistake : mistakes) out += mistake.text() + '\n';
  return out;
}

uint32_t Mistakes::add_file(std::string name) {
  files_.push_back(std::move(name));
  return static_cast<uint32_t>(files_.size() - 1);
}

std::string Mistakes::text_of(const Place& place) const {
  return files_[place.file] + ':' + line_and_column(place.at);
}

void Mistakes::add(const Place& place, std::string found, std::string expected,
                   std::string nearest) {
  if (full()) {
    ++more_;
    return;
  }
  found_.emplace_back(place,
                      Mistake{files_[place.file], place.at, cut(std::move(found), kLongestFound),
                              std::move(expected), std::move(nearest)});
}

std::vector<Mistake> Mistakes::in_order() && {
  std::ranges::sort(found_, {},
                    [](const auto& each) { return std::tie(each.first, each.second.found); });
  std::vector<Mistake> mistakes;
  for (auto& [place, mistake] : found_) mistakes.push_back(std::move(mistake));
  if (more_ > 0)
    mistakes.push_back({files_.front(), {}, std::to_string(more_) + " more mistakes", {}, {}});
  return mistakes;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table of distances between prefixes of a and b: the current row, the last one and
  // the one before that.
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string without_controls(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char each : text) {
    const auto c = static_cast<unsigned char>(each);
    if (c >= 0x20 && c != 0x7f) {
      out += each;
    } else {
      out.append("\\u00") += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  // A path tells most at its end.
  static constexpr size_t kLongest = 300;
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    if (i >= kLongest && (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80)
      return without_controls(out) + "...\"";
    if (text[i] == '"' || text[i] == '\\') out += '\\';
    out += text[i];
  }
  return without_controls(out) + '"';
}

}  // namespace weir::config
