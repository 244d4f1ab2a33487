#include "config/reader.h"

#include <algorithm>

#include "config/all_keys.h"
#include "config/checks.h"
#include "config/files.h"
#include "config/list_checks.h"
#include "config/named_files.h"
#include "config/rule_checks.h"
#include "config/tables.h"

namespace weir::config {

namespace {

/// True if all values but those from the command line are defaults.
bool is_default(Config config) {
  const Config none;
  config.file = none.file;
  config.debug = none.debug;
  config.debug_asked = none.debug_asked;
  return config == none;
}

/// Finds files without a key, which a reload takes for files that are just being written, except
/// where `running` was read from such files.
void find_blank(const std::vector<File>& files, const Config& running, Mistakes& mistakes) {
  for (const File& file : files) {
    if (!file.is_blank) continue;
    const std::vector<std::string>& blank = running.include_without_keys;
    const bool was_blank =
        file.number == 0 ? is_default(running) : std::ranges::find(blank, file.path) != blank.end();
    if (was_blank) continue;
    mistakes.add({file.number, {}},
                 "there is no key in it, as in a file that is just being written", "at least one");
  }
}

/// Notes in `config` which files it was read from.
void note_files(const std::vector<File>& files, Config& config) {
  for (const File& file : files) {
    if (file.number == 0) continue;
    config.include.push_back(file.path);
    if (file.is_blank) config.include_without_keys.push_back(file.path);
  }
}

/// Whether the files that values name are read, too.
enum class NamedFiles : uint8_t { read, left };

/// Reads `file` and what it includes, for a reload if there is a configuration that runs.
std::expected<Config, std::vector<Mistake>> read_config(const std::string& file,
                                                        const ReadText& read_text,
                                                        NamedFiles named_files,
                                                        const Config* running,
                                                        std::vector<std::string>* remarks) {
  Config config;
  Sources sources;
  Mistakes mistakes;
  const std::vector<File> files =
      read_files(file, *all_keys().find_key("", "include"), read_text, mistakes);
  if (running) find_blank(files, *running, mistakes);
  const bool complete = mistakes.count() == 0;
  TableReader reader(all_keys(), Object(config), sources, mistakes);
  for (const File& each : files) reader.read(each.table, each.number);
  note_files(files, config);
  // Without one of the files, values would be missed that it has.
  if (complete) {
    reader.find_missing();
    check(config, sources, mistakes);
    check_lists(config, sources, mistakes);
    check_rules(config, sources, mistakes);
    if (named_files == NamedFiles::read) read_named_files(config, sources, mistakes);
  }
  if (mistakes.count() > 0) return std::unexpected(std::move(mistakes).in_order());
  if (remarks) *remarks = remarks_on_rules(config, sources, mistakes);
  return config;
}

}  // namespace

std::expected<Config, std::vector<Mistake>> read(std::string_view text, const std::string& file,
                                                 std::vector<std::string>* remarks) {
  const auto read_text = [&](const std::string& path,
                             size_t) -> std::expected<TextFile, std::string> {
    if (path != file) return std::unexpected("a text that is no file includes none");
    return TextFile{.text = std::string(text)};
  };
  return read_config(file, read_text, NamedFiles::left, nullptr, remarks);
}

std::expected<Config, std::vector<Mistake>> read_file(const std::string& file,
                                                      std::vector<std::string>* remarks) {
  const auto read_text = [](const std::string& path, size_t most) {
    return read_text_file(path, most, Openable::any);
  };
  return read_config(file, read_text, NamedFiles::read, nullptr, remarks);
}

std::expected<Config, std::vector<Mistake>> read_again(const std::string& file,
                                                       const Config& running) {
  const auto read_text = [](const std::string& path, size_t most) {
    return read_text_file(path, most, Openable::ordinary);
  };
  return read_config(file, read_text, NamedFiles::read, &running, nullptr);
}

std::string toml_library() {
  const auto part = [](int number) { return '.' + std::to_string(number); };
  return "toml++ " + std::to_string(TOML_LIB_MAJOR) + part(TOML_LIB_MINOR) + part(TOML_LIB_PATCH);
}

}  // namespace weir::config
