#include "control/protocol.h"

#include <algorithm>

#include "base/text.h"

namespace weir::control {
namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

}  // namespace

std::expected<RequestLine, std::string> parse_request_line(std::string_view line) {
  RequestLine parsed{std::string(line), words_of(line), {}};
  if (parsed.words.size() < 2 || !parsed.words.back().starts_with('+')) return parsed;
  const std::string last = std::move(parsed.words.back());
  parsed.words.pop_back();
  parsed.body_length = base::parse_decimal<uint64_t>(std::string_view(last).substr(1));
  if (!parsed.body_length) return std::unexpected("not the length of a body: " + last);
  parsed.text.resize(parsed.text.rfind('+'));
  while (parsed.text.ends_with(' ')) parsed.text.pop_back();
  return parsed;
}

std::string line_with_body(std::string_view words, size_t length) {
  return std::string(words) + " +" + std::to_string(length) + '\n';
}

}  // namespace weir::control
