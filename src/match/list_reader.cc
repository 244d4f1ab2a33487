#include "match/list_reader.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace weir::match {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kFiltersLater =
    "It is a list in ad-block syntax, which comes with a later version of Weir.";

/// What files of other kinds begin with.
struct Beginning {
  std::string_view bytes;
  std::string_view what;
};
constexpr std::array kBeginnings = {
    Beginning{"\x1f\x8b"sv, "It is compressed (gzip); unpack it."},
    Beginning{"PK\x03\x04"sv, "It is compressed (zip); unpack it."},
    Beginning{"\xfd"
              "7zXZ"sv,
              "It is compressed (xz); unpack it."},
    Beginning{"BZh"sv, "It is compressed (bzip2); unpack it."},
    Beginning{"\x28\xb5\x2f\xfd"sv, "It is compressed (zstd); unpack it."},
    Beginning{"\xff\xfe"sv, "It is written in UTF-16; write it in UTF-8."},
    Beginning{"\xfe\xff"sv, "It is written in UTF-16; write it in UTF-8."},
};

bool is_filter_header(std::string_view text) {
  if (!text.starts_with('[')) return false;
  const std::string word = base::to_lower(text.substr(1, 10));
  return std::ranges::any_of(std::array<std::string_view, 4>{"adblock", "ublock", "adguard", "ubo"},
                             [&](std::string_view known) { return word.starts_with(known); });
}

/// So many lines of ad-block syntax are strays in whatever list.
constexpr uint32_t kStrayFilters = 2;
/// So many lines that are not understood end the reading at once.
constexpr uint32_t kManyFaults = 10'000;

}  // namespace

ListFault fault_in_list_line(std::string_view line) {
  NoSink sink;
  return ListReader(sink, ListOrigin::own).read(line);
}

bool ListReader::feed(std::string_view piece) {
  bytes_ += piece.size();
  if (bytes_ > kLargestListFile) refuse("It is larger than 256 MiB.");
  while (refused_.empty() && !piece.empty()) {
    const size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    const bool complete = end != std::string_view::npos;
    piece.remove_prefix(complete ? end + 1 : part.size());
    if (complete && begun_.empty()) {
      line(part);
      continue;
    }
    // One byte more than is read, and a carriage return, tell that a line is too long.
    begun_.append(
        part.substr(0, kLongestListLine + 2 - std::min(begun_.size(), kLongestListLine + 2)));
    if (!complete) break;
    line(begun_);
    begun_.clear();
  }
  return refused_.empty();
}

base::Result<ListReport> ListReader::finish() && {
  if (refused_.empty() && !begun_.empty()) line(begun_);
  judge();
  if (!refused_.empty())
    return base::fail(base::ErrorType::proxy_configuration_error, std::move(refused_));
  return std::move(report_);
}

void ListReader::line(std::string_view text) {
  ++report_.lines;
  if (report_.lines == 1 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (!seen_text_) recognise_beginning(text);
  if (is_filter_header(text)) refuse(std::string(kFiltersLater));
  if (!refused_.empty()) return;
  if (const ListFault fault = read(text)) note(fault, text);
  if (lines_.full()) refuse("It has more entries than there is room for.");
  if (report_.entries() > kMostListEntries) refuse("It has more than 16 million entries.");
  if (report_.not_taken > kManyFaults && is_mostly_faults()) judge();
}

void ListReader::recognise_beginning(std::string_view text) {
  for (const Beginning& each : kBeginnings) {
    if (report_.lines == 1 && text.starts_with(each.bytes)) refuse(std::string(each.what));
  }
  text = base::trim(text);
  seen_text_ = !text.empty();
  if (text.starts_with('<')) refuse("It is an HTML or XML document, and no list.");
}

ListFault ListReader::read(std::string_view text) {
  constexpr auto fault = [](std::string_view words) {
    return ListFault{ListFault::Kind::other, words};
  };
  if (text.size() > kLongestListLine) return fault("it is longer than 4096 bytes");
  if (text.find('\0') != std::string_view::npos) return fault("it has a NUL in it");
  if (text.starts_with('#') || text.starts_with('!')) return {};
  if (zone_.is_mine(text)) return zone_.read(text, report_.lines);
  text = without_comment(text);
  return text.empty() ? ListFault() : lines_.read(text, report_.lines);
}

void ListReader::note(const ListFault& fault, std::string_view text) {
  ++report_.not_taken;
  report_.exceptions += fault.kind == ListFault::Kind::exception;
  report_.filters += fault.kind == ListFault::Kind::filter;
  if (report_.first_not_taken.size() >= ListReport::kMostKept) return;
  report_.first_not_taken.push_back({report_.lines, std::string(fault.words),
                                     std::string(text.substr(0, ListReport::kKeptBytes))});
}

bool ListReader::is_mostly_faults() const {
  // Exceptions are understood, though they are not taken.
  return report_.not_taken - report_.exceptions > report_.entries() + report_.ignored;
}

void ListReader::judge() {
  // A list of hosts may have a line or two of ad-block syntax. Where there are more, its other
  // lines mean what they mean there, and not a host.
  if (report_.filters > kStrayFilters && report_.filters >= report_.entries() / 10) {
    refuse(std::string(kFiltersLater));
  } else if (is_mostly_faults()) {
    const ListReport::Line& first = report_.first_not_taken.front();
    refuse("It is no list in a form that Weir knows: of line " + std::to_string(first.number) +
           " on, most lines are not understood (" + first.why + ").");
  }
}

}  // namespace weir::match
