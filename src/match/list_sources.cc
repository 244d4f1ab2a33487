#include "match/list_sources.h"

#include <algorithm>
#include <string_view>

namespace weir::match {
namespace {

class Writer {
 public:
  void number(uint32_t value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  void text(std::string_view text) {
    number(static_cast<uint32_t>(text.size()));
    const auto bytes = std::as_bytes(std::span(text));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  std::vector<std::byte> bytes() && { return std::move(out_); }

 private:
  std::vector<std::byte> out_;
};

/// After an end that comes too early it reads zeros and nothing.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint32_t number() {
    if (bytes_.size() < sizeof(uint32_t)) return fail();
    const auto value = load<uint32_t>(bytes_, 0);
    bytes_ = bytes_.subspan(sizeof(uint32_t));
    return value;
  }
  std::string text() {
    const uint32_t size = number();
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    std::string text(reinterpret_cast<const char*>(bytes_.data()), size);
    bytes_ = bytes_.subspan(size);
    return text;
  }
  /// A number of things each of which takes at least four bytes.
  uint32_t count() {
    const uint32_t count = number();
    return count > bytes_.size() / sizeof(uint32_t) ? fail() : count;
  }
  bool failed() const { return failed_; }

 private:
  uint32_t fail() {
    failed_ = true;
    bytes_ = {};
    return 0;
  }
  std::span<const std::byte> bytes_;
  bool failed_ = false;
};

void write(const ListReport& report, Writer& to) {
  to.number(report.lines);
  for (const uint32_t taken : report.taken) to.number(taken);
  for (const uint32_t count : {report.ignored, report.not_taken, report.exceptions, report.filters})
    to.number(count);
  to.number(static_cast<uint32_t>(report.first_not_taken.size()));
  for (const ListReport::Line& line : report.first_not_taken) {
    to.number(line.number);
    to.text(line.why);
    to.text(line.text);
  }
}

ListReport read_report(Reader& from) {
  ListReport report;
  report.lines = from.number();
  for (uint32_t& taken : report.taken) taken = from.number();
  for (uint32_t* const count :
       {&report.ignored, &report.not_taken, &report.exceptions, &report.filters})
    *count = from.number();
  for (uint32_t left = from.count(); left > 0; --left) {
    ListReport::Line& line = report.first_not_taken.emplace_back();
    line.number = from.number();
    line.why = from.text();
    line.text = from.text();
  }
  return report;
}

}  // namespace

std::optional<ListPlace> place_of(std::span<const ListSource> sources, uint32_t line) {
  const auto next = std::ranges::upper_bound(sources, line, {}, &ListSource::first_line);
  if (next == sources.begin()) return std::nullopt;
  const auto source = std::prev(next);
  return ListPlace{static_cast<size_t>(source - sources.begin()), line - source->first_line + 1};
}

std::vector<std::byte> bytes_of(std::span<const ListSource> sources) {
  Writer to;
  to.number(static_cast<uint32_t>(sources.size()));
  for (const ListSource& source : sources) {
    to.text(source.name);
    to.number(source.first_line);
    write(source.report, to);
  }
  return std::move(to).bytes();
}

std::optional<std::vector<ListSource>> sources_in(std::span<const std::byte> bytes) {
  Reader from(bytes);
  std::vector<ListSource> sources;
  for (uint32_t left = from.count(); left > 0 && !from.failed(); --left) {
    ListSource& source = sources.emplace_back();
    source.name = from.text();
    source.first_line = from.number();
    source.report = read_report(from);
  }
  if (from.failed()) return std::nullopt;
  return sources;
}

}  // namespace weir::match
