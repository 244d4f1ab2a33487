#include "engine/mux.h"

#include <utility>

namespace weir::engine {

using async::Task;

namespace {
constexpr size_t kFrameHead = 4;
}  // namespace

std::string bytes_of(const Frame& frame) {
  std::string bytes{static_cast<char>(frame.kind), static_cast<char>(frame.id),
                    static_cast<char>(frame.text.size() >> 8),
                    static_cast<char>(frame.text.size() & 0xff)};
  return bytes + frame.text;
}

std::optional<Frame> take_frame(std::string& bytes) {
  if (bytes.size() < kFrameHead) return std::nullopt;
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const size_t size = static_cast<size_t>(byte(2)) << 8 | byte(3);
  if (bytes.size() < kFrameHead + size) return std::nullopt;
  Frame frame{static_cast<Frame::Kind>(bytes[0]), byte(1), bytes.substr(kFrameHead, size)};
  bytes.erase(0, kFrameHead + size);
  return frame;
}

MuxWire::MuxWire(async::ByteStream& stream, Take take, std::function<void()> ended,
                 std::function<void()> wrote)
    : stream_(stream), take_(std::move(take)), ended_(std::move(ended)), wrote_(std::move(wrote)) {
  reader_ = read();
  reader_.start();
  writer_ = write();
  writer_.start();
}

void MuxWire::send(const Frame& frame) {
  out_ += bytes_of(frame);
  more_.notify();
}

Task<void> MuxWire::read() {
  std::string in;
  for (;;) {
    auto block = base::Block::make(base::Block::kSmall);
    const ssize_t n = co_await stream_.read(block, 0, async::Deadline::kNever);
    if (n <= 0) break;
    in.append(block->data(), static_cast<size_t>(n));
    while (auto frame = take_frame(in)) take_(*std::move(frame));
  }
  ended_();
}

Task<void> MuxWire::write() {
  for (;;) {
    const auto seen = more_.version();
    if (out_.empty()) {
      co_await more_.changed(seen);
      continue;
    }
    const ssize_t written = co_await stream_.write({base::Slice::copy_of(std::exchange(out_, {}))},
                                                   async::Deadline::kNever / 2);
    if (written < 0) co_return;
    if (wrote_) wrote_();
  }
}

}  // namespace weir::engine
