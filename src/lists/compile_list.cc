#include "lists/compile_list.h"

#include "lists/digest.h"

namespace weir::lists {
namespace {

void add(Digester& digester, const FileStamp& stamp) {
  digester.number(stamp.device);
  digester.number(stamp.inode);
  digester.number(static_cast<uint64_t>(stamp.size));
  digester.number(static_cast<uint64_t>(stamp.modified_ns));
  digester.number(static_cast<uint64_t>(stamp.status_changed_ns));
}

/// Adds the copy's stamp, which is returned; where there is none, that of nothing.
FileStamp add_copy(Digester& digester, const Copies& copies, const std::string& url) {
  FileStamp stamp;
  if (copies.can_keep()) {
    if (const auto there = stamp_of(copies.path_of(url))) stamp = *there;
  }
  add(digester, stamp);
  return stamp;
}

/// Begins a digest of contents.
Digester contents_of(const ListConfig& config) {
  Digester digester;
  for (const uint8_t byte : digest_of_sources(config)) digester.number(byte);
  return digester;
}

std::expected<match::ListReport, std::string> read_own_lines(const ListConfig& config,
                                                             match::ListBuilder& builder) {
  match::ListReader reader(builder, match::ListOrigin::own);
  for (const std::string& line : config.rules) {
    if (!reader.feed(line) || !reader.feed("\n")) break;
  }
  auto report = std::move(reader).finish();
  if (!report)
    return std::unexpected("rules are not taken: " + std::string(report.error().detail()));
  return *std::move(report);
}

}  // namespace

match::SourceDigest digest_of_sources(const ListConfig& config) {
  Digester digester;
  digester.number(config.rules.size());
  for (const std::string& line : config.rules) digester.text(line);
  digester.number(config.paths.size());
  for (const std::string& path : config.paths) digester.text(path);
  digester.number(config.urls.size());
  for (const std::string& url : config.urls) digester.text(url);
  return digester.digest();
}

std::expected<match::SourceDigest, std::string> digest_of_contents(const ListConfig& config,
                                                                   const Copies& copies) {
  Digester digester = contents_of(config);
  for (const std::string& path : config.paths) {
    const auto stamp = stamp_of(path);
    if (!stamp) return std::unexpected(stamp.error());
    add(digester, *stamp);
  }
  for (const std::string& url : config.urls) add_copy(digester, copies, url);
  return digester.digest();
}

std::expected<match::ListDigests, std::string> read_sources(const ListConfig& config,
                                                            const Copies& copies,
                                                            match::ListBuilder& builder) {
  const auto too_many = [] {
    return std::unexpected(std::string("all sources together have too many lines"));
  };
  if (!config.rules.empty()) {
    builder.begin_source("");
    auto report = read_own_lines(config, builder);
    if (!report) return std::unexpected(std::move(report).error());
    if (!builder.end_source(*std::move(report))) return too_many();
  }
  Digester contents = contents_of(config);
  bool sure = true;
  for (const std::string& path : config.paths) {
    builder.begin_source(path);
    auto read = read_source(path, builder);
    if (!read) return std::unexpected(std::move(read).error());
    if (!builder.end_source(std::move(read->report))) return too_many();
    add(contents, read->stamp);
    sure &= read->stamp_is_sure;
  }
  for (const std::string& url : config.urls) {
    builder.begin_source(url);
    match::ListReport report;
    const FileStamp before = add_copy(contents, copies, url);
    if (before != FileStamp()) {
      auto read = read_source(copies.path_of(url), builder);
      if (!read) return std::unexpected(std::move(read).error());
      // A copy is only ever replaced, by this thread: its stamp is sure.
      report = std::move(read->report);
    }
    if (!builder.end_source(std::move(report))) return too_many();
  }
  // Zeros are the digest of nothing: such an image is made anew next time.
  return match::ListDigests{digest_of_sources(config),
                            sure ? contents.digest() : match::SourceDigest()};
}

}  // namespace weir::lists
