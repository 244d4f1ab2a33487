#include "engine/mux_origin_side.h"

#include <cstdlib>
#include <utility>

namespace weir::engine {

using async::Task;
using base::ErrorType;

/// Never blocks the others on its connection: what arrives is kept until it is read.
class MuxExchange final : public origin::OriginExchange {
 public:
  MuxExchange(origin::Lease lease, origin::ExchangeContext context, uint8_t id)
      : OriginExchange(std::move(lease)), record_(std::move(context.record)), id_(id) {}
  ~MuxExchange() override {
    upload_.cancel();
    connection().forget(id_);
    if (!over_) connection().send({Frame::Kind::reset, id_, {}});
  }

  Task<base::Result<base::Ref<http::ResponseHead>>> ask(origin::Asking asking) override;
  bool died_unanswered() const override { return !head_ && connection().ended(); }
  bool has_content() const override { return true; }
  bool content_is_empty() const override { return over_ && content_.empty(); }
  origin::Content content(std::unique_ptr<origin::OriginExchange> self) override;
  void finish() override { lease_.done(); }
  std::unique_ptr<http::Tunnel> tunnel(std::unique_ptr<origin::OriginExchange>, uint64_t) override {
    std::abort();  // Nothing here answers with 101.
  }

  void take(Frame frame);
  void connection_ended() { changed_.notify(); }
  Task<base::Result<http::Chunk>> read();
  std::optional<base::Result<http::Chunk>> try_read();

 private:
  MuxConnection& connection() const { return static_cast<MuxConnection&>(*lease_); }
  Task<void> upload(std::unique_ptr<http::Body> body);
  base::Error broken() const {
    return {reset_ ? ErrorType::http_response_incomplete : ErrorType::connection_terminated,
            "The origin gave the exchange up."};
  }

  const base::Ref<http::Exchange> record_;
  const uint8_t id_;
  base::Ref<http::ResponseHead> head_;
  std::string content_;
  bool over_ = false;   // The response has ended, or was given up by the origin.
  bool reset_ = false;  // ... the latter.
  async::Signal changed_;
  Task<void> upload_;
};

namespace {

class MuxBody final : public http::Body {
 public:
  explicit MuxBody(std::unique_ptr<origin::OriginExchange> exchange)
      : exchange_(std::move(exchange)) {}
  Task<base::Result<http::Chunk>> read() override { return mux().read(); }
  std::optional<base::Result<http::Chunk>> try_read() override { return mux().try_read(); }

 private:
  MuxExchange& mux() const { return static_cast<MuxExchange&>(*exchange_); }
  const std::unique_ptr<origin::OriginExchange> exchange_;
};

}  // namespace

MuxConnection::MuxConnection(origin::Opened opened)
    : OriginConnection(std::move(opened.stream), std::move(opened.key), opened.peer,
                       opened.source) {
  wire_ = std::make_unique<MuxWire>(
      *stream, [this](Frame frame) { take(std::move(frame)); }, [this] { end(); });
}

void MuxConnection::close() {
  ended_ = true;
  wire_ = nullptr;
  stream = nullptr;
}

void MuxConnection::take(Frame frame) {
  const auto at = exchanges_.find(frame.id);
  if (at != exchanges_.end()) at->second->take(std::move(frame));
}

void MuxConnection::end() {
  ended_ = true;
  for (const auto& [id, exchange] : exchanges_) exchange->connection_ended();
  if (const auto changed = std::exchange(changed_, {})) changed();
}

std::unique_ptr<origin::OriginExchange> MuxConnection::exchange(origin::Lease&& lease,
                                                                origin::ExchangeContext&& context) {
  auto exchange = std::make_unique<MuxExchange>(std::move(lease), std::move(context), ++last_id_);
  exchanges_.emplace(last_id_, exchange.get());
  return exchange;
}

base::Ref<origin::OriginConnection> make_mux(origin::Opened opened) {
  return base::make_ref<MuxConnection>(std::move(opened));
}

Task<base::Result<base::Ref<http::ResponseHead>>> MuxExchange::ask(origin::Asking asking) {
  record_->peer = connection().peer;
  record_->peer_source = connection().source;
  record_->reused_connection = connection().reused;
  keep_alive_ = true;
  const http::RequestHead& head = asking.head.head();
  std::string text = std::string(head.method_token) + " " + std::string(head.target.path) + "\n";
  asking.head.for_each_line([&](std::string_view name, std::string_view value, bool) {
    text.append(name).append(": ").append(value).append("\n");
  });
  connection().send({Frame::Kind::head, id_, std::move(text)});
  if (asking.body) {
    content_taken_ = true;
    upload_ = upload(std::move(asking.body));
    upload_.start();
  } else {
    connection().send({Frame::Kind::end, id_, {}});
  }
  for (auto seen = changed_.version();; seen = changed_.version()) {
    if (head_) co_return head_;
    if (reset_ || connection().ended()) co_return std::unexpected(broken());
    co_await changed_.changed(seen);
  }
}

Task<void> MuxExchange::upload(std::unique_ptr<http::Body> body) {
  for (bool last = false; !last;) {
    auto chunk = co_await body->read();
    if (!chunk) co_return connection().send({Frame::Kind::reset, id_, {}});
    last = chunk->last;
    // A frame holds less than 64 KiB.
    for (std::string_view left = chunk->bytes.view(); !left.empty();
         left.remove_prefix(std::min<size_t>(left.size(), 60'000)))
      connection().send({Frame::Kind::data, id_, std::string(left.substr(0, 60'000))});
  }
  connection().send({Frame::Kind::end, id_, {}});
}

void MuxExchange::take(Frame frame) {
  switch (frame.kind) {
    case Frame::Kind::head:
      head_ = http::ResponseHead::make(std::atoi(frame.text.c_str()));
      for (size_t at = frame.text.find('\n'); at != std::string::npos;) {
        const size_t end = frame.text.find('\n', at + 1);
        const std::string line = frame.text.substr(at + 1, end - at - 1);
        if (const size_t colon = line.find(": "); colon != std::string::npos)
          head_->fields.add(line.substr(0, colon), line.substr(colon + 2));
        at = end;
      }
      break;
    case Frame::Kind::data: content_ += frame.text; break;
    case Frame::Kind::reset: reset_ = true; [[fallthrough]];
    case Frame::Kind::end: over_ = true; break;
  }
  changed_.notify();
}

origin::Content MuxExchange::content(std::unique_ptr<origin::OriginExchange> self) {
  return {std::make_unique<MuxBody>(std::move(self))};
}

std::optional<base::Result<http::Chunk>> MuxExchange::try_read() {
  if (content_.empty() && !over_)
    return connection().ended()
               ? std::optional<base::Result<http::Chunk>>(std::unexpected(broken()))
               : std::nullopt;
  if (content_.empty() && reset_) return std::unexpected(broken());
  http::Chunk chunk{base::Slice::copy_of(std::exchange(content_, {}))};
  chunk.last = over_ && !reset_;
  return chunk;
}

Task<base::Result<http::Chunk>> MuxExchange::read() {
  for (auto seen = changed_.version();; seen = changed_.version()) {
    if (auto ready = try_read()) co_return *std::move(ready);
    co_await changed_.changed(seen);
  }
}

}  // namespace weir::engine
