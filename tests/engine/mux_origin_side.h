// The origin side of the proxy in the made-up protocol of mux.h.
#pragma once
#include <map>
#include <memory>

#include "engine/mux.h"
#include "origin/acquire.h"
#include "origin/pool/origin_exchange.h"

namespace weir::engine {

class MuxExchange;

/// Carries up to kMost exchanges at once.
class MuxConnection final : public origin::OriginConnection {
 public:
  static constexpr size_t kMost = 4;
  explicit MuxConnection(origin::Opened opened);
  ~MuxConnection() override { close(); }

  bool quiet() override { return wire_ != nullptr && !ended_; }
  size_t capacity() const override { return ended_ ? 0 : kMost; }
  bool shared() const override { return true; }
  void watch(base::Callback<> call) override { changed_ = call; }
  void close() override;
  std::unique_ptr<origin::OriginExchange> exchange(origin::Lease&& lease,
                                                   origin::ExchangeContext&& context) override;

  void send(const Frame& frame) {
    if (wire_) wire_->send(frame);
  }
  void forget(uint8_t id) { exchanges_.erase(id); }
  bool ended() const { return ended_; }

 private:
  void take(Frame frame);
  void end();

  std::unique_ptr<MuxWire> wire_;
  std::map<uint8_t, MuxExchange*> exchanges_;
  uint8_t last_id_ = 0;
  bool ended_ = false;
  base::Callback<> changed_;
};

base::Ref<origin::OriginConnection> make_mux(origin::Opened opened);

}  // namespace weir::engine
