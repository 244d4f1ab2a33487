// Measures images of lists; bench/lists calls it.
//
//   lists make FILE NAMES                 makes an image of so many names, and opens it
//   lists ask FILE NAMES miss|hit|below N asks N times for hosts that are in no list, that are
//                                         listed, or that are below a name that is
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "match/image_file.h"
#include "match/list_builder.h"
#include "match/list_image.h"
#include "match/list_reader.h"

namespace {

using namespace weir::match;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

uint32_t mixed(uint32_t number) {
  number = (number ^ number >> 16) * 0x45d9f3b;
  number = (number ^ number >> 16) * 0x45d9f3b;
  return number ^ number >> 16;
}

/// As long as names in published lists are: 25 bytes in the mean.
std::string name_of(uint32_t number) {
  static constexpr const char* kWords[] = {"ads",    "tracker", "metrics-eu", "cdn",
                                           "pixel2", "static",  "banner",     "collect-api"};
  static constexpr const char* kEnds[] = {".com", ".net", ".co.uk", ".example.org"};
  const uint32_t drawn = mixed(number);
  return std::string(kWords[drawn % 8]) + '.' + kWords[drawn / 8 % 8] + std::to_string(number) +
         kEnds[drawn / 64 % 4];
}

std::string text_of(uint32_t names) {
  std::string text;
  for (uint32_t i = 0; i < names; ++i) text += name_of(i) + '\n';
  return text;
}

void read(const std::string& text, ListSink& sink, ListReport& report) {
  ListReader reader(sink);
  constexpr size_t kPiece = 1 << 16;
  for (size_t at = 0; at < text.size(); at += kPiece)
    reader.feed(std::string_view(text).substr(at, kPiece));
  auto finished = std::move(reader).finish();
  if (!finished) std::abort();
  report = *std::move(finished);
}

int make(const std::string& path, uint32_t names) {
  const DomainKey key = *DomainKey::draw();
  const std::string text = text_of(names);
  double reading = 1e9, all = 1e9, opening = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    NoSink nothing;
    ListReport report;
    auto begin = Clock::now();
    read(text, nothing, report);
    reading = std::min(reading, ms_since(begin));
    begin = Clock::now();
    ListBuilder builder(key);
    builder.begin_source("names");
    read(text, builder, report);
    builder.end_source(report);
    size_t bytes = 0;
    // Without the disk, whose speed is another question.
    const auto count = [&bytes](std::span<const std::byte> piece) {
      bytes += piece.size();
      return weir::base::Result<void>();
    };
    const bool last = round == kRounds - 1;
    const auto write = [&](const ImageSink& sink) { return std::move(builder).write({}, sink); };
    if (!(last ? write_image_file(path, write) : write(count))) return 1;
    if (!last) all = std::min(all, ms_since(begin));
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  size_t size = 0, hot = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    const auto file = ImageFile::open(path);
    if (!file) return 1;
    const auto image = ListImage::over((*file)->bytes());
    if (!image) return 1;
    opening = std::min(opening, ms_since(begin));
    size = (*file)->bytes().size();
    hot = (*image)->domains().hot_bytes();
  }
  std::printf("%u names, %.1f MB of text: read in %.0f ms, read and made in %.0f ms\n", names,
              static_cast<double>(text.size()) / 1e6, reading, all);
  std::printf("image: %.1f MB, of these hot %.1f MB; opened in %.3f ms\n",
              static_cast<double>(size) / 1e6, static_cast<double>(hot) / 1e6, opening);
  std::printf("most memory at once, with the text: %ld MB\n", usage.ru_maxrss / 1024);
  return 0;
}

/// Hosts of five suffixes where they are in no list.
std::vector<std::string> hosts_for(std::string_view what, uint32_t names) {
  std::vector<std::string> hosts;
  for (uint32_t i = 0; i < 1 << 20; ++i) {
    std::string listed = name_of(mixed(i) % names);
    if (what == "miss")
      listed = "img" + std::to_string(i) + ".pages.shop-" + std::to_string(mixed(i) % 50'000) +
               ".example.com";
    if (what == "below") listed = "www." + listed;
    hosts.push_back(std::move(listed));
  }
  return hosts;
}

int ask(const std::string& path, uint32_t names, std::string_view what, size_t count) {
  const auto file = ImageFile::open(path);
  if (!file) return 1;
  const auto image = ListImage::over((*file)->bytes());
  if (!image) return 1;
  const std::vector<std::string> hosts = hosts_for(what, names);
  size_t found = 0;
  double best = 1e9;
  for (int round = 0; round < (count > 1'000'000 ? kRounds : 1); ++round) {
    found = 0;
    const auto begin = Clock::now();
    for (size_t i = 0; i < count; ++i) {
      const HostHashes host((*image)->key(), hosts[i % hosts.size()], HostForm::name);
      uint32_t line = 0;
      found += (*image)->find({.url = {.host = host, .port = 443}}, line) == Finding::yes;
    }
    best = std::min(best, ms_since(begin));
  }
  if (found != (what == "miss" ? 0 : count)) {
    std::fprintf(stderr, "%zu of %zu were found\n", found, count);
    return 1;
  }
  if (count > 1'000'000)
    std::printf("%.*s: %.0f ns a host\n", static_cast<int>(what.size()), what.data(),
                best * 1e6 / static_cast<double>(count));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "make")
    return make(words[1], static_cast<uint32_t>(std::stoul(words[2])));
  if (words.size() == 5 && words[0] == "ask")
    return ask(words[1], static_cast<uint32_t>(std::stoul(words[2])), words[3],
               std::stoul(words[4]));
  std::fputs("usage: see the beginning of bench/lists.cc\n", stderr);
  return 2;
}
