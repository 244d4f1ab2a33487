#include "net/dns/hosts_file.h"

#include <algorithm>

#include "base/text.h"

namespace weir::net {
namespace {
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}
bool is_label_char(char c) {
  return base::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}
}  // namespace

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (!is_label_char(c) || ++label > 63) {
      return false;
    }
  }
  return label > 0;
}

bool HostsFile::refresh(uint64_t now_ms) {
  auto content = file_.changed(now_ms);
  if (!content) return false;
  parse(*std::move(content));
  return true;
}

void HostsFile::parse(std::string content) {
  entries_.clear();
  if (content.size() > kMostBytes) content.resize(content.rfind('\n', kMostBytes - 1) + 1);
  for (char& c : content) c = base::lower(c);
  text_ = std::move(content);
  for (size_t begin = 0; begin < text_.size() && entries_.size() < most_names_;) {
    const size_t end = std::min(text_.find('\n', begin), text_.size());
    parse_line(begin, end);
    begin = end + 1;
  }
  std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
    const int order = name_of(a).compare(name_of(b));
    return order != 0 ? order < 0 : a.offset < b.offset;
  });
  entries_.shrink_to_fit();
}

void HostsFile::parse_line(size_t begin, size_t end) {
  const std::string_view text = text_;
  end = std::min(end, text.find('#', begin));
  size_t at = begin;
  const auto next_word = [&]() -> std::string_view {
    while (at < end && is_space(text[at])) ++at;
    const size_t start = at;
    while (at < end && !is_space(text[at])) ++at;
    return text.substr(start, at - start);
  };
  const auto address = base::IpAddress::parse(next_word());
  if (!address) return;
  for (auto word = next_word(); !word.empty() && entries_.size() < most_names_;
       word = next_word()) {
    const auto offset = static_cast<uint32_t>(word.data() - text.data());
    if (word.ends_with('.')) word.remove_suffix(1);
    if (is_host_name(word))
      entries_.push_back({offset, static_cast<uint8_t>(word.size()), *address});
  }
}

bool HostsFile::find(std::string_view name, base::IpFamily family, size_t most,
                     std::vector<base::IpAddress>& out) const {
  auto at = std::lower_bound(
      entries_.begin(), entries_.end(), name,
      [this](const Entry& entry, std::string_view wanted) { return name_of(entry) < wanted; });
  bool known = false;
  size_t added = 0;
  for (; at != entries_.end() && name_of(*at) == name; ++at) {
    known = true;
    if (added == most) break;
    if (at->address.family() != family) continue;
    if (std::find(out.begin(), out.end(), at->address) != out.end()) continue;
    out.push_back(at->address);
    ++added;
  }
  return known;
}

}  // namespace weir::net
