// For tests only: a stream in memory, whose other end is the test.
#pragma once
#include <algorithm>
#include <cerrno>
#include <string>

#include "async/byte_stream.h"

namespace weir::async {

class MemoryStream final : public ByteStream {
 public:
  /// `incoming` has the bytes still to be read, `sent` those that were written. With `ended`, the
  /// end comes after `incoming`.
  std::string incoming, sent;
  bool ended = false;
  bool writes_shut_down = false;
  bool aborted = false;
  /// The stream takes at most so many bytes in total, until the test raises this.
  size_t window = SIZE_MAX;

  /// Bytes or the end arrive.
  void arrive(std::string_view bytes, bool end = false) {
    incoming += bytes;
    ended = ended || end;
    readiness().peer_closed = ended;
    readiness().became_readable();
  }

  ssize_t try_read(char* to, size_t size) override {
    if (incoming.empty()) {
      if (ended) return 0;
      readiness().readable = false;
      return -EAGAIN;
    }
    const size_t n = std::min(size, incoming.size());
    incoming.copy(to, n);
    incoming.erase(0, n);
    return static_cast<ssize_t>(n);
  }
  ssize_t try_write(const iovec* pieces, int count) override {
    size_t n = 0;
    for (int i = 0; i < count; ++i) {
      const size_t room = std::min(window - sent.size(), pieces[i].iov_len);
      sent.append(static_cast<const char*>(pieces[i].iov_base), room);
      n += room;
    }
    if (n > 0) return static_cast<ssize_t>(n);
    readiness().writable = false;
    return -EAGAIN;
  }
  void shut_down_writes() override { writes_shut_down = true; }
  void abort() override { aborted = true; }
};

}  // namespace weir::async
