// The content of a message, pulled by whoever sends it on. Not reading is how backpressure reaches
// the sender.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "async/byte_stream.h"
#include "async/task.h"
#include "base/error.h"
#include "base/memory.h"
#include "http/head.h"

namespace weir::http {

/// A piece of content. The last one may be empty, and carries the trailers if there are any.
struct Chunk {
  base::Slice bytes;
  bool last = false;
  base::Ref<Trailers> trailers;
};

/// How far Body::send_to came.
struct Sent {
  bool last = false;
};

/// Owns what it reads from. Read by one task at a time; after the last chunk or an error it is not
/// read again.
class Body : public base::Pooled {
 public:
  virtual ~Body() = default;

  /// The next piece; waits for it. Never empty but for the last.
  virtual async::Task<base::Result<Chunk>> read() = 0;
  /// The next piece if it is there already, so that the head and ready content leave in one write;
  /// never waits.
  virtual std::optional<base::Result<Chunk>> try_read() { return std::nullopt; }
  /// Waits until some content has come, without asking for it (Expect: 100-continue); or until
  /// there is none to come.
  virtual async::Task<void> until_begun() { co_return; }
  /// Bytes in all, where known before they are read.
  virtual std::optional<uint64_t> known_length() const { return std::nullopt; }

  /// The kernel could move what comes next to `to` without us seeing it, and it is worth it.
  virtual bool can_send_to(async::ByteStream& to) const {
    (void)to;
    return false;
  }
  /// Moves content that way, as long as it is worth it; keeps framing, counts and deadlines.
  /// `silence_ms` is how long `to` may take nothing; `sent` is raised as bytes go out. An Error of
  /// type client_closed, connection_write_timeout or connection_terminated whose origin is `to` is
  /// told apart by `to_failed`.
  virtual async::Task<base::Result<Sent>> send_to(async::ByteStream& to, uint64_t silence_ms,
                                                  uint64_t* sent, bool* to_failed);
};

/// Content that is there already: a page of Weir's own.
class TextBody final : public Body {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  async::Task<base::Result<Chunk>> read() override;
  std::optional<base::Result<Chunk>> try_read() override;
  std::optional<uint64_t> known_length() const override { return text_.size(); }

 private:
  std::string text_;
};

}  // namespace weir::http
