#include "lists/copies.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>

#include "base/text.h"
#include "base/whole_file.h"
#include "lists/digest.h"
#include "lists/source_file.h"

namespace weir::lists {
namespace {

constexpr size_t kMostStateBytes = size_t{64} << 10;

std::string line(std::string_view name, std::string_view value) {
  return std::string(name).append("=").append(value).append("\n");
}

std::string text_of(std::string_view url, const CopyState& state) {
  return line("url", url) + line("etag", state.etag) + line("last_modified", state.last_modified) +
         line("fetched", std::to_string(state.fetched)) +
         line("checked", std::to_string(state.checked));
}

int64_t time_in(std::string_view text, std::string_view name) {
  return std::max<int64_t>(0, base::parse_decimal<int64_t>(base::value_in(text, name)).value_or(0));
}

std::string because_of_errno(const std::string& path) {
  return path + ": " + std::strerror(errno);
}

/// So that the copy is whole after a power cut.
bool sync(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = fsync(file) == 0;
  close(file);
  return synced;
}

}  // namespace

std::string Copies::base_of(std::string_view url) const {
  Digester digester;
  digester.text(url);
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr size_t kBytes = 12;
  std::string name;
  const match::SourceDigest digest = digester.digest();
  for (const uint8_t byte : std::span(digest).first(kBytes)) {
    name += kDigits[byte >> 4];
    name += kDigits[byte & 15];
  }
  return folder_ + "/copy-" + name;
}

CopyState Copies::state_of(std::string_view url) const {
  if (!can_keep() || access(path_of(url).c_str(), R_OK) != 0) return {};
  std::string why;
  const auto text = base::read_whole_file(base_of(url) + ".state", kMostStateBytes, why);
  if (!text || base::value_in(*text, "url") != url) return {};
  return {.etag = std::string(base::value_in(*text, "etag")),
          .last_modified = std::string(base::value_in(*text, "last_modified")),
          .fetched = time_in(*text, "fetched"),
          .checked = time_in(*text, "checked")};
}

std::expected<void, std::string> Copies::take(std::string_view url, const CopyState& state) const {
  const std::string part = path_to_write(url);
  const auto refuse = [&](std::string why) {
    unlink(part.c_str());
    return std::unexpected(std::move(why));
  };
  match::NoSink nothing;
  const auto read = read_source(part, nothing);
  // The part's name says nothing to anybody.
  if (!read) return refuse(read.error().substr(part.size() + 1));
  const auto& taken = read->report.taken;
  if (std::ranges::all_of(taken, [](uint32_t count) { return count == 0; }))
    return refuse("has no entry");
  // The old state goes first: of a copy that came without its state nothing is known.
  unlink((base_of(url) + ".state").c_str());
  if (!sync(part) || rename(part.c_str(), path_of(url).c_str()) != 0)
    return refuse("can't be kept: " + because_of_errno(path_of(url)));
  return note(url, state);
}

std::expected<void, std::string> Copies::note(std::string_view url, const CopyState& state) const {
  const std::string why = base::replace_file(base_of(url) + ".state", text_of(url, state));
  if (!why.empty()) return std::unexpected("can't be kept: " + why);
  return {};
}

}  // namespace weir::lists
