// The lists of a configuration, at start and at a reload.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/event_log.h"
#include "proxy/master.h"

namespace weir::proxy {

std::string Master::lists_folder(const Config& config) const {
  const std::string folder = kept_path(config, "lists");
  if (folder.empty()) return {};
  std::string why;
  if (!state_.is_open()) why = StateDir::make(state_path_);
  if (why.empty() && mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    why = folder + " can't be made: " + std::strerror(errno);
  if (why.empty()) return folder;
  base::log_event("lists are compiled anew at each start: " + why);
  return {};
}

std::expected<std::shared_ptr<const lists::Loaded>, std::string> Master::load_lists(
    const Config& config) {
  if (config.lists.empty()) return std::make_shared<const lists::Loaded>();
  if (!list_loader_) list_loader_.emplace(lists_folder(config));
  auto loaded = list_loader_->load(config.lists, lists_.get(), lists_off_);
  if (!loaded) return std::unexpected(std::move(loaded).error());
  for (const std::string& words : loaded->words) base::log_event(words);
  return std::move(loaded->lists);
}

void Master::follow_lists() {
  list_updates_.use(list_loader_ ? list_loader_->folder() : std::string(), snapshot_->config.lists,
                    lists_off_);
}

void Master::tell_of_lists() const {
  std::string all;
  for (const lists::LoadedList& list : lists_->lists()) {
    all += all.empty() ? "lists: " : ", ";
    all += list.name + " (" + std::to_string(list.file->image().entries()) + ')';
  }
  if (!all.empty()) base::log_event(all);
}

}  // namespace weir::proxy
