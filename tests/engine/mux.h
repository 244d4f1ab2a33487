// A made-up protocol that carries many exchanges over one stream. It stands for HTTP/2 in tests of
// what is shared by all protocols: a frame has a kind, the number of its exchange, and a text.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/byte_stream.h"
#include "async/signal.h"
#include "async/task.h"

namespace weir::engine {

struct Frame {
  enum class Kind : char {
    head = 'H',   // "METHOD target" or "STATUS", then a line for each field.
    data = 'D',   // A piece of content, or of what a tunnel carries.
    end = 'E',    // The message has ended.
    reset = 'R',  // The exchange is given up.
  };
  Kind kind;
  uint8_t id;
  std::string text;
};
std::string bytes_of(const Frame& frame);
/// Takes the first frame off `bytes`; nothing if it is not whole yet.
std::optional<Frame> take_frame(std::string& bytes);

/// Reads frames from a stream, and writes them in the order in which they are given. Used by both
/// ends of both sides.
class MuxWire {
 public:
  using Take = std::function<void(Frame frame)>;
  /// `take` gets each frame; `ended` is called once, when the stream ends or fails; `wrote`, if
  /// given, each time that the stream has taken what was waiting.
  MuxWire(async::ByteStream& stream, Take take, std::function<void()> ended,
          std::function<void()> wrote = {});
  MuxWire(const MuxWire&) = delete;
  void send(const Frame& frame);
  /// Bytes that wait to be written.
  size_t waiting() const { return out_.size(); }

 private:
  async::Task<void> read();
  async::Task<void> write();

  async::ByteStream& stream_;
  const Take take_;
  const std::function<void()> ended_, wrote_;
  std::string out_;
  async::Signal more_;
  async::Task<void> reader_, writer_;
};

}  // namespace weir::engine
