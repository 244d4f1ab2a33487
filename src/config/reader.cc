#include "config/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "config/all_keys.h"
#include "config/checks.h"
#include "config/tables.h"

namespace weir::config {

namespace {

/// The configuration of a parsed file, or all mistakes in it.
std::expected<Config, std::vector<Mistake>> read(const toml::table& table,
                                                 const std::string& file) {
  Config config;
  Sources sources;
  Mistakes mistakes;
  TableReader reader(all_keys(), Object(config), sources, mistakes);
  reader.read(table, mistakes.add_file(file));
  reader.find_missing();
  check(config, sources, mistakes);
  if (mistakes.count() > 0) return std::unexpected(std::move(mistakes).in_order());
  return config;
}

std::unexpected<std::vector<Mistake>> unreadable(const std::string& file, std::string why) {
  return std::unexpected(
      std::vector<Mistake>{{file, {}, "cannot be read: " + std::move(why), "", ""}});
}

std::expected<toml::table, std::vector<Mistake>> parse(std::string_view text,
                                                       const std::string& file) {
  toml::parse_result parsed = toml::parse(text);
  if (parsed) return std::move(parsed).table();
  const toml::parse_error& error = parsed.error();
  return std::unexpected(std::vector<Mistake>{
      {file, place_of(error.source(), 0).at, std::string(error.description()), "TOML", ""}});
}

/// Reads a whole file of at most kLargestFile bytes. `ordinary`: refuses other kinds of file, since
/// reading them might block.
std::expected<std::string, std::vector<Mistake>> text_in(const std::string& file, bool ordinary) {
  const auto close_it = [](const int* fd) { ::close(*fd); };
  const int fd =
      ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (ordinary ? O_NONBLOCK : 0));
  if (fd < 0) return unreadable(file, std::strerror(errno));
  const std::unique_ptr<const int, decltype(close_it)> closer(&fd, close_it);
  struct stat status{};
  if (ordinary && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
    return unreadable(file, "it is no ordinary file, and a Weir that runs reads no other");
  }
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(file, std::strerror(errno));
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > kLargestFile) return unreadable(file, "it is larger than 4 MiB");
  }
}

/// True if all values but those from the command line are defaults.
bool is_default(Config config) {
  const Config none;
  config.file = none.file;
  config.debug = none.debug;
  config.debug_asked = none.debug_asked;
  return config == none;
}

}  // namespace

std::expected<Config, std::vector<Mistake>> read(std::string_view text, const std::string& file) {
  auto table = parse(text, file);
  if (!table) return std::unexpected(std::move(table).error());
  return read(*table, file);
}

std::expected<Config, std::vector<Mistake>> read_file(const std::string& file) {
  const auto text = text_in(file, false);
  if (!text) return std::unexpected(text.error());
  return read(*text, file);
}

std::expected<Config, std::vector<Mistake>> read_again(const std::string& file,
                                                       const Config& running) {
  const auto text = text_in(file, true);
  if (!text) return std::unexpected(text.error());
  const auto table = parse(*text, file);
  if (!table) return std::unexpected(table.error());
  if (table->empty() && !is_default(running)) {
    return std::unexpected(
        std::vector<Mistake>{{file,
                              {},
                              "there is no key in it, as in a file that is just being written",
                              "at least one",
                              ""}});
  }
  return read(*table, file);
}

std::string toml_library() {
  const auto part = [](int number) { return '.' + std::to_string(number); };
  return "toml++ " + std::to_string(TOML_LIB_MAJOR) + part(TOML_LIB_MINOR) + part(TOML_LIB_PATCH);
}

}  // namespace weir::config
