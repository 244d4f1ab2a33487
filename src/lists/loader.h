// Makes the lists of a configuration ready, at start and at a reload.
#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lists/config.h"
#include "lists/copies.h"
#include "lists/loaded.h"
#include "match/domain_hash.h"

namespace weir::lists {

/// One thread at a time, which must be no worker: a list of a million names takes half a second if
/// it has changed.
class Loader {
 public:
  /// `folder`, which exists, keeps the images from one start to the next. Empty: they are made
  /// anew at each start, in files that are gone once they are mapped.
  explicit Loader(std::string folder) : folder_(std::move(folder)), copies_(folder_) {}
  /// Keeps no images, and reads the copies that another Weir keeps in `folder`.
  static Loader of_copies_in(std::string folder) { return {{}, Copies(std::move(folder))}; }

  /// Empty: there is none.
  const std::string& folder() const { return folder_; }

  struct Result {
    std::shared_ptr<const Loaded> lists;
    /// What somebody should know: lines of the event log.
    std::vector<std::string> words;
  };
  /// Takes the image of each list from `before` (may be null) or from the folder if its sources are
  /// unchanged, else compiles it. Where that fails, the list's last good image stays, if it is of
  /// the same sources. The error is one line that names the list: it has no such image.
  /// Those in `off` are loaded, and have nothing while they are.
  std::expected<Result, std::string> load(const ListConfigs& configs, const Loaded* before,
                                          const std::set<std::string>& off = {});

 private:
  Loader(std::string folder, Copies copies)
      : folder_(std::move(folder)), copies_(std::move(copies)) {}

  using Image = std::shared_ptr<const match::ListFile>;

  std::string path_of(const std::string& name) const { return folder_ + '/' + name + ".list"; }
  /// The images that may be there already.
  struct Kept {
    Image running, on_disk;
  };
  Kept find_kept(const std::string& name, const Loaded* before, std::vector<std::string>& words);
  std::expected<Image, std::string> compile(const std::string& name, const ListConfig& config);
  std::expected<Image, std::string> write(const std::string& name, const match::WriteImage& image);

  const std::string folder_;
  const Copies copies_;
  /// Of all images, so that a host is hashed once.
  std::optional<match::DomainKey> key_;
};

}  // namespace weir::lists
