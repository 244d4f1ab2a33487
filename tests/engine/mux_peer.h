// The far ends of connections in the made-up protocol of mux.h: an origin, driven by the test.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <list>
#include <string>
#include <vector>

#include "engine/mux.h"
#include "net/stream/listener.h"

namespace weir::engine {

/// One far end. The test sends frames; those that came are kept.
class MuxPeer {
 public:
  using Answer = std::function<void(MuxPeer&, const Frame&)>;
  /// `answer`, if given, is called with each frame.
  MuxPeer(int descriptor, Answer answer)
      : stream_(descriptor),
        answer_(std::move(answer)),
        wire_(stream_, [this](Frame frame) { take(std::move(frame)); }, [this] { ended = true; }) {}

  void send(Frame::Kind kind, uint8_t id, std::string text = {}) {
    wire_.send({kind, id, std::move(text)});
  }
  /// What came for one exchange, kind by kind: `HDDE`.
  std::string kinds(uint8_t id) const {
    std::string text;
    for (const Frame& frame : frames) {
      if (frame.id == id) text += static_cast<char>(frame.kind);
    }
    return text;
  }
  /// The number of the exchange whose head begins so; 0 if it has not come.
  uint8_t id_of(std::string_view begin) const {
    const auto at = std::ranges::find_if(frames, [&](const Frame& frame) {
      return frame.kind == Frame::Kind::head && frame.text.starts_with(begin);
    });
    return at == frames.end() ? 0 : at->id;
  }

  std::vector<Frame> frames;
  bool ended = false;

 private:
  void take(Frame frame) {
    frames.push_back(frame);
    if (answer_) answer_(*this, frame);
  }

  net::TcpStream stream_;
  const Answer answer_;
  MuxWire wire_;
};

class MuxOrigin {
 public:
  explicit MuxOrigin(MuxPeer::Answer answer = {})
      : answer_(std::move(answer)), listener_(bind_one()) {
    accepting_.spawn(accept_all());
  }

  std::string authority() const { return listener_.endpoint().text(); }
  /// In the order in which they were accepted.
  std::list<MuxPeer> peers;
  size_t open() const {
    return static_cast<size_t>(
        std::ranges::count_if(peers, [](const MuxPeer& peer) { return !peer.ended; }));
  }

 private:
  static net::BoundSocket bind_one() {
    auto bound = net::bind_listeners({base::IpAddress::v4(127, 0, 0, 1), 0}, 1);
    if (!bound || bound->front().listen() != 0) std::abort();
    return std::move(bound->front());
  }
  async::Task<void> accept_all() {
    for (;;) {
      const ssize_t ready = co_await listener_.until_readable(async::Deadline::kNever);
      if (ready < 0) co_return;
      if (const auto one = listener_.accept()) peers.emplace_back(one->descriptor, answer_);
    }
  }

  const MuxPeer::Answer answer_;
  net::Listener listener_;
  async::TaskScope accepting_;
};

}  // namespace weir::engine
