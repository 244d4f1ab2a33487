// The content of a message, pulled by the code that sends the message on. When that code stops
// reading, backpressure reaches the sender.
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

/// How Body::send_to ended: `last` if all of the content has been sent.
struct Sent {
  bool last = false;
};

/// Owns the source that it reads from. One task at a time reads it; nobody reads it again after the
/// last chunk or an error.
class Body : public base::Pooled {
 public:
  virtual ~Body() = default;

  /// Waits for the next piece. Only the last piece may be empty.
  virtual async::Task<base::Result<Chunk>> read() = 0;
  /// The next piece if it is there already, so that the head and ready content can go out in one
  /// write. Never waits. Nothing is the flush rule: whoever sends this content on, or makes other
  /// content of it, must now send out all that it holds, before it waits in read(). So events and
  /// slow streams arrive one by one, whatever stands between.
  virtual std::optional<base::Result<Chunk>> try_read() { return std::nullopt; }
  /// Waits until some content has arrived, or until it is certain that none will, without asking
  /// the sender for it (Expect: 100-continue).
  virtual async::Task<void> until_begun() { co_return; }
  /// The total number of bytes, if it is known before they are read.
  virtual std::optional<uint64_t> known_length() const { return std::nullopt; }

  /// True if the kernel could move the next content to `to` without copying it through Weir, and
  /// that is cheaper.
  virtual bool can_send_to(async::ByteStream& to) const {
    (void)to;
    return false;
  }
  /// Lets the kernel move content to `to` for as long as that is cheaper; keeps framing, counts and
  /// deadlines. `silence_ms` is how long `to` may accept nothing; `sent` is raised as bytes go out.
  /// An Error of type client_closed, connection_write_timeout or connection_terminated may come
  /// from either side: `to_failed` is set if it came from `to`.
  virtual async::Task<base::Result<Sent>> send_to(async::ByteStream& to, uint64_t silence_ms,
                                                  uint64_t* sent, bool* to_failed);
};

/// Content that is in memory already: one of Weir's own pages.
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
