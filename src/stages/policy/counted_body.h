// Content whose bytes are counted for the rules.
#pragma once
#include <memory>

#include "http/body.h"
#include "http/exchange.h"
#include "policy/decide.h"

namespace weir::policy {

/// Hands on what a limit leaves of the content, and as fast; asks the rules again when there is
/// more of it than a rule asks about (`size_over`). Rules may change meanwhile: the exchange's
/// allowance and decision are those of now. What is refused ends the content with that error.
class CountedBody final : public http::Body {
 public:
  enum class Of : uint8_t { request, response };
  CountedBody(std::unique_ptr<http::Body> counted, base::Ref<http::Exchange> exchange, Of of)
      : counted_(std::move(counted)), exchange_(std::move(exchange)), of_(of) {}

  async::Task<base::Result<http::Chunk>> read() override;
  std::optional<base::Result<http::Chunk>> try_read() override;
  async::Task<void> until_begun() override { return counted_->until_begun(); }
  std::optional<uint64_t> known_length() const override { return counted_->known_length(); }
  bool can_send_to(async::ByteStream& to) const override;
  async::Task<base::Result<http::Sent>> send_to(async::ByteStream& to, uint64_t silence_ms,
                                                uint64_t* sent, bool* to_failed) override {
    return counted_->send_to(to, silence_ms, sent, to_failed);
  }

 private:
  /// When the next portion may move. What other content of the same client moves puts it off.
  uint64_t next_ms() const { return exchange_->allowance ? exchange_->allowance->next_ms() : 0; }
  bool pauses() const;
  const Decision* decision() const {
    return static_cast<const Decision*>(exchange_->decision.get());
  }
  /// Takes the next portion of what is held.
  base::Result<http::Chunk> portion();
  base::Result<void> look(size_t bytes);

  const std::unique_ptr<http::Body> counted_;
  const base::Ref<http::Exchange> exchange_;
  const Of of_;
  /// Was read, and not handed on yet.
  std::optional<http::Chunk> held_;
  uint64_t seen_ = 0;
};

}  // namespace weir::policy
