#include "config/files.h"

#include <algorithm>
#include <filesystem>

#include "config/key_depth.h"
#include "config/node.h"

namespace weir::config {

namespace {

class FilesReader {
 public:
  FilesReader(const Key& include, const ReadText& read_text, Mistakes& mistakes)
      : include_(include), read_text_(read_text), mistakes_(mistakes) {}

  std::vector<File> read(const std::string& main) && {
    const uint32_t number = mistakes_.add_file(main);
    auto text = read_text_(main, bytes_left_);
    if (!text) {
      mistakes_.add({number, {}}, "cannot be read: " + text.error(), "");
    } else if (text->text.size() > bytes_left_) {
      mistakes_.add({number, {}}, "cannot be read: it is larger than 4 MiB", "");
    } else {
      parse(main, number, *std::move(text), {});
    }
    return std::move(files_);
  }

 private:
  /// A file that was opened.
  struct Known {
    FileIdentity identity;
    std::string path;
    /// Where it is included; nowhere for the main file.
    Place included_at;
    /// The files that it includes are still being read.
    bool is_open = true;
  };

  /// Parses a file that was opened, and reads the files that it includes. Calls itself through
  /// read_include(), at most kDeepestInclude deep.
  void parse(const std::string& path, uint32_t number, TextFile file, const Place& included_at) {
    bytes_left_ -= file.text.size();
    const size_t known = known_.size();
    known_.push_back({file.identity, path, included_at});
    if (const auto deep = too_deep_key(file.text)) {
      mistakes_.add({number, *deep}, "a key has too many parts",
                    "at most " + std::to_string(kDeepestKey));
    } else if (toml::parse_result parsed = toml::parse(file.text)) {
      toml::table table = std::move(parsed).table();
      const bool is_blank = table.empty();
      ++depth_;
      if (const auto* const node = table.get(include_.name)) read_includes(*node, path, number);
      --depth_;
      table.erase(include_.name);
      files_.push_back({path, number, std::move(table), is_blank});
    } else {
      const toml::parse_error& error = parsed.error();
      mistakes_.add(place_of(error.source(), number), std::string(error.description()), "TOML");
    }
    known_[known].is_open = false;
  }

  void read_includes(const toml::node& node, const std::string& path, uint32_t number) {
    std::vector<std::string> names;
    const ValueSource source = read_node(include_, node, number, &names, mistakes_);
    const auto folder = std::filesystem::path(path).parent_path();
    for (size_t i = 0; i < names.size(); ++i)
      read_include(names[i], (folder / names[i]).string(), source.elements[i]);
  }

  void read_include(const std::string& name, const std::string& path, const Place& at) {
    const auto wrong = [&](std::string why, std::string expected = {}) {
      mistakes_.add(at,
                    std::string(include_.name) + " is " + in_quotes(name) + ": " + std::move(why),
                    std::move(expected));
    };
    if (depth_ > kDeepestInclude) {
      const std::string deepest = std::to_string(kDeepestInclude);
      return wrong("it is included more than " + deepest + " deep", "at most " + deepest);
    }
    // The includes after the first one too many are passed over, so that a long list takes no time.
    if (++includes_ > kMostIncludes + 1) return;
    if (includes_ > kMostIncludes) {
      const std::string most = std::to_string(kMostIncludes);
      return wrong("it is one more than " + most + " files", "at most " + most);
    }
    auto file = read_text_(path, bytes_left_);
    if (!file) return wrong("it cannot be read: " + file.error());
    if (const Known* const known = find(*file)) {
      if (known->is_open)
        return wrong("it leads in a circle, back to " + known->path,
                     "no file that includes itself");
      return wrong("it is included in " + mistakes_.text_of(known->included_at) + " already",
                   "each file once");
    }
    if (file->text.size() > bytes_left_)
      return wrong("with it the files are larger than 4 MiB together");
    parse(path, mistakes_.add_file(path), *std::move(file), at);
  }

  const Known* find(const TextFile& file) const {
    const auto known = std::ranges::find(known_, file.identity, &Known::identity);
    return known == known_.end() ? nullptr : &*known;
  }

  const Key& include_;
  const ReadText& read_text_;
  Mistakes& mistakes_;
  std::vector<File> files_;
  std::vector<Known> known_;
  size_t bytes_left_ = kLargestFiles;
  /// How deep the files are that are included now.
  int depth_ = 0;
  /// How many includes were tried.
  int includes_ = 0;
};

}  // namespace

std::vector<File> read_files(const std::string& main, const Key& include, const ReadText& read_text,
                             Mistakes& mistakes) {
  return FilesReader(include, read_text, mistakes).read(main);
}

}  // namespace weir::config
