#include "lists/loader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <system_error>
#include <thread>

#include "base/niceness.h"
#include "lists/compile_list.h"

namespace weir::lists {
namespace {

/// A folder for one file, which is gone with this object.
class PrivateFolder {
 public:
  PrivateFolder() {
    const char* const chosen = std::getenv("TMPDIR");
    path_ = std::string(chosen && chosen[0] == '/' ? chosen : "/tmp") + "/weir-XXXXXX";
    if (!mkdtemp(path_.data())) path_.clear();
  }
  PrivateFolder(const PrivateFolder&) = delete;
  ~PrivateFolder() {
    if (path_.empty()) return;
    unlink(file().c_str());
    rmdir(path_.c_str());
  }
  bool is_there() const { return !path_.empty(); }
  std::string file() const { return path_ + "/list"; }

 private:
  std::string path_;
};

/// Runs `work` on a thread that steps back for the workers, and waits for it. On this thread if
/// there can be no other one.
void run_behind_workers(const std::function<void()>& work) {
  try {
    std::thread([&work] {
      base::set_thread_niceness(base::kBehindWorkers);
      work();
    }).join();
  } catch (const std::system_error&) {
    work();
  }
}

std::string count(uint64_t number, const char* what) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

/// Tells of the lines that were not taken.
void tell_of_lines(const std::string& name, const match::ListImage& image,
                   std::vector<std::string>& words) {
  for (const match::ListSource& source : image.sources()) {
    const match::ListReport& report = source.report;
    if (report.not_taken == 0) continue;
    const match::ListReport::Line& first = report.first_not_taken.front();
    words.push_back("lists." + name + ": of " + (source.name.empty() ? "rules" : source.name) +
                    ' ' + count(report.not_taken, "line") +
                    (report.not_taken == 1 ? " is" : " are") + " not taken; the first is line " +
                    std::to_string(first.number) + ": " + first.why);
  }
}

const LoadedList* find(const Loaded* loaded, const std::string& name) {
  if (!loaded) return nullptr;
  const auto found = std::ranges::find(loaded->lists(), name, &LoadedList::name);
  return found == loaded->lists().end() ? nullptr : &*found;
}

}  // namespace

Loader::Kept Loader::find_kept(const std::string& name, const Loaded* before,
                               std::vector<std::string>& words) {
  Kept kept;
  if (const LoadedList* const list = find(before, name)) kept.running = list->file;
  if (!kept.running && !folder_.empty() && access(path_of(name).c_str(), F_OK) == 0) {
    auto opened = match::ListFile::open(path_of(name));
    if (opened && (*opened)->checksum_holds())
      kept.on_disk = *std::move(opened);
    else
      words.push_back(
          "lists." + name + ": its image is made anew: " +
          (opened ? path_of(name) + " is damaged." : std::string(opened.error().detail())));
  }
  for (const Image& image : {kept.running, kept.on_disk}) {
    if (image && !key_) key_ = image->image().key();
  }
  return kept;
}

std::expected<Loader::Result, std::string> Loader::load(const ListConfigs& configs,
                                                        const Loaded* before,
                                                        const std::set<std::string>& off) {
  Result result;
  std::vector<Kept> kept;
  for (const auto& [name, config] : configs) kept.push_back(find_kept(name, before, result.words));
  std::vector<LoadedList> lists;
  for (const auto& [name, config] : configs) {
    const Kept& old = kept[lists.size()];
    const Image& last = old.running ? old.running : old.on_disk;
    LoadedList& list =
        lists.emplace_back(name, config.category, config.rule_places, nullptr, off.contains(name));
    const auto contents = digest_of_contents(config, copies_);
    if (last && contents && last->image().digests().contents == *contents) {
      list.file = last;
      continue;
    }
    auto compiled = compile(name, config);
    if (compiled) {
      list.file = *std::move(compiled);
      tell_of_lines(name, list.file->image(), result.words);
      continue;
    }
    if (!last || last->image().digests().sources != digest_of_sources(config))
      return std::unexpected("lists." + name + ": " + compiled.error());
    result.words.push_back("lists." + name + " stays as it was: " + compiled.error());
    list.file = last;
  }
  result.lists = std::make_shared<const Loaded>(std::move(lists));
  return result;
}

std::expected<Loader::Image, std::string> Loader::compile(const std::string& name,
                                                          const ListConfig& config) {
  if (!key_) {
    const auto drawn = match::DomainKey::draw();
    if (!drawn) return std::unexpected(std::string(drawn.error().detail()));
    key_ = *drawn;
  }
  std::expected<Image, std::string> made;
  run_behind_workers([&] {
    try {
      match::ListBuilder builder(*key_);
      const auto digests = read_sources(config, copies_, builder);
      if (!digests) {
        made = std::unexpected(digests.error());
        return;
      }
      made = write(name, [&](const match::ImageSink& sink) {
        return std::move(builder).write(*digests, sink);
      });
    } catch (const std::bad_alloc&) {
      made = std::unexpected("there is no memory to compile it");
    }
  });
  return made;
}

std::expected<Loader::Image, std::string> Loader::write(const std::string& name,
                                                        const match::WriteImage& image) {
  std::optional<PrivateFolder> folder;
  if (folder_.empty() && !folder.emplace().is_there())
    return std::unexpected(std::string("there is no folder for its image: ") +
                           std::strerror(errno) + '.');
  const std::string path = folder ? folder->file() : path_of(name);
  if (auto written = match::write_image_file(path, image); !written)
    return std::unexpected(std::string(written.error().detail()));
  auto opened = match::ListFile::open(path);
  if (!opened) return std::unexpected(std::string(opened.error().detail()));
  return Image(*std::move(opened));
}

}  // namespace weir::lists
