#include "base/folders.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace weir::base {

std::string make_folders(const std::string& path) {
  for (size_t at = 1; at <= path.size(); ++at) {
    if (at < path.size() && path[at] != '/') continue;
    const std::string folder = path.substr(0, at);
    if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
      return folder + " can't be made: " + std::strerror(errno);
  }
  return {};
}

}  // namespace weir::base
