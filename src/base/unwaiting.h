// Output to descriptors that others made, such as standard error, without waiting in the kernel for
// a slow reader.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace weir::base {

/// Writes to `descriptor`, which the caller still owns. One thread at a time.
class Unwaiting {
 public:
  explicit Unwaiting(int descriptor);
  Unwaiting(const Unwaiting&) = delete;
  ~Unwaiting();
  /// Like write(2), but fails with EAGAIN if there is no room now. Waits only where the system
  /// offers no alternative: for a file on a disk that hangs, or a terminal that can't be opened
  /// again.
  ssize_t write(std::string_view text) const;
  /// For poll.
  int descriptor() const { return own_ >= 0 ? own_ : descriptor_; }

 private:
  enum class Kind : uint8_t { file, socket, pipe, terminal };
  const int descriptor_;
  Kind kind_ = Kind::file;
  int own_ = -1;  // A file description of our own: O_NONBLOCK must not affect others that share it.
};

}  // namespace weir::base
