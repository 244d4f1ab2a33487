// The folder for state that outlives a restart.
#pragma once
#include <string>

namespace weir::proxy {

/// Reserves the folder for this process during this object's lifetime, by a file lock. The kernel
/// releases the lock however the process ends.
class StateDir {
 public:
  StateDir() = default;
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;
  ~StateDir();

  /// Makes the folder and its missing parents with mode 0700, and locks it. Returns empty, or one
  /// line that names the path and says what failed.
  std::string open(const std::string& path);
  /// Makes the folder and its missing parents, without locking it. Returns as open() does.
  static std::string make(const std::string& path);
  bool is_open() const { return lock_ >= 0; }

 private:
  int lock_ = -1;
};

}  // namespace weir::proxy
