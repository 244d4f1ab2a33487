// Output to descriptors that others made: without waiting in the kernel for whoever reads it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace weir::base {

/// A way to write to `descriptor`, which stays the caller's. Of one thread at a time.
class Unwaiting {
 public:
  explicit Unwaiting(int descriptor);
  Unwaiting(const Unwaiting&) = delete;
  ~Unwaiting();
  /// As write(2), and EAGAIN where there is no room now. Waits only where the system knows no way
  /// around it: a file on a disk that hangs; a terminal that can't be opened anew.
  ssize_t write(std::string_view text) const;
  /// For poll.
  int descriptor() const { return own_ >= 0 ? own_ : descriptor_; }

 private:
  enum class Kind : uint8_t { file, socket, pipe, terminal };
  const int descriptor_;
  Kind kind_ = Kind::file;
  int own_ = -1;  // A description of its own, so that others who have it are not made to wait less.
};

}  // namespace weir::base
