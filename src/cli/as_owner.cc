#include "cli/as_owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace weir::cli {

AsOwner::AsOwner(const std::string& folder) : group_(getegid()) {
  struct stat status{};
  if (geteuid() != 0 || stat(folder.c_str(), &status) != 0 || status.st_uid == 0) return;
  // The group first: the user may not change it.
  if (setegid(status.st_gid) != 0) return;
  changed_ = seteuid(status.st_uid) == 0;
  if (!changed_ && setegid(group_) != 0) abort();
}

AsOwner::~AsOwner() {
  // Going on as a user that nobody expects would be worse than to end.
  if (changed_ && (seteuid(0) != 0 || setegid(group_) != 0)) abort();
}

}  // namespace weir::cli
