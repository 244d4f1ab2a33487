// What root does for a service's user, as that user.
#pragma once
#include <sys/types.h>

#include <string>

namespace weir::cli {

/// While it lives, a process of root's works as the user who owns `folder`: the files that it makes
/// are that user's, and a link that the user has put there leads root nowhere. Nothing changes for
/// other users, for a folder of root's, and for one that is not there.
class AsOwner {
 public:
  explicit AsOwner(const std::string& folder);
  AsOwner(const AsOwner&) = delete;
  ~AsOwner();

 private:
  gid_t group_ = 0;
  bool changed_ = false;
};

}  // namespace weir::cli
