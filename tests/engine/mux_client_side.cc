#include "engine/mux_client_side.h"

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "engine/mux.h"
#include "http/target_parse.h"
#include "http/userinfo.h"
#include "server/carry_tunnel.h"
#include "server/request_work.h"

namespace weir::engine {

using async::Task;

namespace {

/// What one exchange has of the connection, as a stream: for the content of its response, or for a
/// tunnel. Writes make frames, and wait while the connection holds much.
class MuxStream final : public async::ByteStream {
 public:
  static constexpr size_t kMuch = 32 * 1024, kLargestFrame = 8 * 1024;
  MuxStream(MuxWire& wire, uint8_t id) : wire_(wire), id_(id) {}

  ssize_t try_read(char* to, size_t size) override {
    if (in.empty()) {
      if (ended) return 0;
      readiness().readable = false;
      return -EAGAIN;
    }
    const size_t n = std::min(size, in.size());
    in.copy(to, n);
    in.erase(0, n);
    return static_cast<ssize_t>(n);
  }
  ssize_t try_write(const iovec* pieces, int count) override {
    if (readiness().broken) return -EPIPE;
    if (wire_.waiting() >= kMuch) {
      readiness().writable = false;
      return -EAGAIN;
    }
    std::string bytes;
    for (int i = 0; i < count; ++i)
      bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    bytes.resize(std::min(bytes.size(), kLargestFrame));
    wire_.send({Frame::Kind::data, id_, bytes});
    if (end_after_ && (*end_after_ -= bytes.size()) == 0) shut_down_writes();
    return static_cast<ssize_t>(bytes.size());
  }
  /// The message ends behind the next `bytes` bytes.
  void end_after(size_t bytes) {
    end_after_ = bytes;
    if (bytes == 0) shut_down_writes();
  }
  void shut_down_writes() override { close_with(Frame::Kind::end); }
  void abort() override { close_with(Frame::Kind::reset); }

  void arrive(std::string_view bytes, bool end) {
    in += bytes;
    ended = ended || end;
    readiness().peer_closed = ended;
    readiness().became_readable();
  }

  std::string in;
  bool ended = false;

 private:
  void close_with(Frame::Kind kind) {
    if (!std::exchange(closed_, true)) wire_.send({kind, id_, {}});
  }

  MuxWire& wire_;
  const uint8_t id_;
  std::optional<size_t> end_after_;
  bool closed_ = false;
};

std::string lines_of(int status, const http::Fields& fields) {
  std::string text = std::to_string(status) + "\n";
  for (const http::Field& field : fields.all())
    text.append(field.name()).append(": ").append(field.value()).append("\n");
  return text;
}

class MuxResponder final : public server::Responder {
 public:
  MuxResponder(MuxWire& wire, MuxStream& stream, uint8_t id, uint64_t& sent)
      : Responder(stream, sent), wire_(wire), mux_(stream), id_(id) {}

  base::Result<void> interim(const http::ResponseHead& head) override {
    if (!begun_) wire_.send({Frame::Kind::head, id_, lines_of(head.status, head.fields)});
    return {};
  }
  async::WriteOperation begin(http::ResponseHead& head, server::Follows follows,
                              http::Chunk&& first) override {
    begun_ = true;
    wire_.send({Frame::Kind::head, id_, lines_of(head.status, head.fields)});
    if (follows == server::Follows::tunnel) first.last = false;
    return send(std::move(first));
  }
  async::WriteOperation send(http::Chunk&& chunk) override {
    if (chunk.last) mux_.end_after(chunk.bytes.size());
    return mux_.write({std::move(chunk.bytes)}, silence_ms(), &sent());
  }
  void abort() override {
    if (begun_) mux_.abort();
  }
  bool plain() const override { return false; }
  uint64_t silence_ms() const override { return 60'000; }

 private:
  MuxWire& wire_;
  MuxStream& mux_;
  const uint8_t id_;
  bool begun_ = false;
};

/// A request's content, as frames bring it.
class MuxContent final : public http::Body {
 public:
  MuxContent(MuxStream& stream, http::Exchange& exchange) : stream_(stream), exchange_(exchange) {}
  Task<base::Result<http::Chunk>> read() override {
    for (;;) {
      if (auto ready = try_read()) co_return *std::move(ready);
      const ssize_t waited = co_await stream_.until_readable(async::Deadline::kNever);
      if (waited < 0) co_return base::fail(base::ErrorType::client_closed, "The client has gone.");
    }
  }
  std::optional<base::Result<http::Chunk>> try_read() override {
    if (stream_.in.empty() && !stream_.ended) {
      stream_.readiness().readable = false;
      return std::nullopt;
    }
    http::Chunk chunk;
    if (!stream_.in.empty()) chunk.bytes = base::Slice::copy_of(std::exchange(stream_.in, {}));
    chunk.last = stream_.ended;
    exchange_.received += chunk.bytes.size();
    return chunk;
  }

 private:
  MuxStream& stream_;
  http::Exchange& exchange_;
};

/// The lines of a head frame as a request's head.
base::Ref<http::RequestHead> head_of(const std::string& text) {
  auto head = http::RequestHead::make();
  const size_t space = text.find(' ');
  size_t end = text.find('\n');
  head->method_token = head->copy(text.substr(0, space));
  head->method = http::method_of(head->method_token);
  http::set_raw_target(*head, head->copy(text.substr(space + 1, end - space - 1)));
  for (size_t at = end + 1; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    const size_t colon = line.find(": ");
    head->fields.add(line.substr(0, colon), line.substr(colon + 2));
  }
  if (auto parsed = http::parse_target(*head); !parsed) head->fault = std::move(parsed).error();
  return head;
}

class MuxSession final : private server::LiveConnection {
 public:
  MuxSession(async::ByteStream& stream, base::Ref<const http::Asker> asker,
             const server::SessionContext& context)
      : LiveConnection(context.connections),
        asker_(std::move(asker)),
        context_(context),
        wire_(
            stream, [this](Frame frame) { take(std::move(frame)); },
            [this] {
              ended_ = true;
              over_.notify();
            },
            [this] { let_write(); }) {
    works();
  }
  ~MuxSession() { serving_.cancel_all(); }

  Task<void> until_ended() {
    for (auto seen = over_.version(); !ended_; seen = over_.version()) co_await over_.changed(seen);
  }

 private:
  struct Serving {
    Serving(MuxWire& wire, uint8_t id) : stream(wire, id) {}
    MuxStream stream;
    async::Interrupt interrupt;
  };

  void take(Frame frame) {
    if (frame.kind == Frame::Kind::head) {
      auto& serving =
          *streams_.emplace(frame.id, std::make_unique<Serving>(wire_, frame.id)).first->second;
      return serving_.spawn(serve(serving, frame.id, head_of(frame.text)));
    }
    const auto at = streams_.find(frame.id);
    if (at == streams_.end()) return;
    Serving& serving = *at->second;
    if (frame.kind == Frame::Kind::reset) return serving.interrupt.fire("client_closed");
    serving.stream.arrive(frame.text, frame.kind == Frame::Kind::end);
  }

  Task<void> serve(Serving& serving, uint8_t id, base::Ref<http::RequestHead> head) {
    struct Gone {
      MuxSession& self;
      const uint8_t id;
      ~Gone() { self.streams_.erase(id); }
    } gone{*this, id};
    auto exchange = base::make_ref<server::ClientExchange>(context_, asker_, serving.interrupt,
                                                           async::EventLoop::current().now_ms());
    exchange->request = head;
    http::Request request;
    request.asker = asker_;
    request.exchange = exchange;
    if (head->method == http::Method::post)
      request.body = std::make_unique<MuxContent>(serving.stream, *exchange);
    request.head = std::move(head);
    std::unique_ptr<http::Tunnel> tunnel;
    {
      MuxResponder responder(wire_, serving.stream, id, exchange->sent);
      server::RequestWork work(exchange, responder, serving.interrupt);
      auto ended = co_await work.run(request);
      if (!ended || !*ended) co_return serving.stream.abort();
      tunnel = **std::move(ended);
    }
    if (!tunnel) co_return;
    co_await server::carry_tunnel(std::move(tunnel), exchange, serving.stream, base::Slice(),
                                  serving.interrupt);
    serving.stream.shut_down_writes();
  }

  void let_write() {
    for (const auto& [id, serving] : streams_) serving->stream.readiness().became_writable();
  }

  // What a worker asks of a connection; the tests here don't.
  void close_resting() override {}
  std::pair<server::Drip::Side, uint64_t> content() const override {
    return {server::Drip::Side::none, 0};
  }
  void cut_dripping() override {}

  const base::Ref<const http::Asker> asker_;
  const server::SessionContext& context_;
  bool ended_ = false;
  async::Signal over_;
  std::map<uint8_t, std::unique_ptr<Serving>> streams_;
  MuxWire wire_;
  async::TaskScope serving_;
};

}  // namespace

Task<void> serve_mux(async::ByteStream& stream, base::Ref<const http::Asker> asker,
                     const server::SessionContext& context) {
  MuxSession session(stream, std::move(asker), context);
  co_await session.until_ended();
}

}  // namespace weir::engine
