// The content of a message on an HTTP/1 connection (RFC 9112, 6), on either side of the proxy.
#pragma once
#include <memory>
#include <optional>

#include "async/byte_stream.h"
#include "async/input.h"
#include "codec/http1/chunked.h"
#include "codec/http1/framing.h"
#include "http/body.h"

namespace weir::wire {

/// Decodes what has been read, reads more, and lets the kernel move what need not be seen. The two
/// sides differ in what a failure means, and in what they note of what came: a subclass says so.
class Http1Body : public http::Body {
 public:
  std::optional<uint64_t> known_length() const final;
  std::optional<base::Result<http::Chunk>> try_read() override { return take(true); }
  async::Task<base::Result<http::Chunk>> read() override;
  bool can_send_to(async::ByteStream& to) const override;
  async::Task<base::Result<http::Sent>> send_to(async::ByteStream& to, uint64_t silence_ms,
                                                uint64_t* sent, bool* to_failed) final;

 protected:
  /// What the content is read from is used until it is complete. `begins_small`: read into small
  /// blocks until much comes at a time.
  Http1Body(async::ByteStream& stream, async::Input& input, http1::Framing framing,
            http1::Side side, bool begins_small);

  async::ByteStream& stream() const { return stream_; }
  async::Input& input() const { return input_; }
  /// How long the sender may be silent.
  virtual uint64_t silence_ms() const = 0;
  /// The error for an end (0) inside the content, or for a failure (-errno).
  virtual base::Error broken(ssize_t error) = 0;
  /// The error for a receiver that has failed, or has taken nothing for too long (-ETIMEDOUT),
  /// while the kernel moved content to it.
  virtual base::Error not_taken(ssize_t error) const = 0;
  /// Bytes of the message are there, or it has ended.
  virtual void arrived() {}
  /// So many bytes of content were taken off the stream.
  virtual void taken(uint64_t bytes) { (void)bytes; }
  /// The content has ended: nothing of the connection is used any more.
  virtual void complete() = 0;
  /// The chunked coding broke the rules and was repaired.
  virtual void mended(const char* what) { (void)what; }

  /// The next piece, from what was read; if nothing was and `look`, also from what the kernel has.
  /// Never waits.
  std::optional<base::Result<http::Chunk>> take(bool look);
  /// Decodes a chunk from the bytes that were read; nothing if they hold only framing.
  base::Result<std::optional<http::Chunk>> decode();
  bool ends_at_once() const { return framing_.kind == http1::Framing::Kind::length && left_ == 0; }

 private:
  /// Reads what the kernel has. Returns a number of bytes, 0 for the end, or -errno.
  ssize_t fill();

  async::ByteStream& stream_;
  async::Input& input_;
  const http1::Framing framing_;
  uint64_t left_;
  std::unique_ptr<http1::ChunkedDecoder> decoder_;
  const bool begins_small_;
  /// Much comes at a time: large blocks, and the kernel's help, pay.
  bool flows_;
};

}  // namespace weir::wire
