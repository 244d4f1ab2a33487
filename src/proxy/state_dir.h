// The folder of what outlives a restart.
#pragma once
#include <string>

namespace weir::proxy {

/// One process's, for as long as this lives: a lock says so, which the kernel takes back whatever
/// ends the process.
class StateDir {
 public:
  StateDir() = default;
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;
  ~StateDir();

  /// Makes it where it is missing, with the folders above it, of mode 0700, and locks it. Empty, or
  /// why not: a line that names the path.
  std::string open(const std::string& path);
  bool is_open() const { return lock_ >= 0; }

 private:
  int lock_ = -1;
};

}  // namespace weir::proxy
