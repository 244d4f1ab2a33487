// Decides whether a client may make a request. Runs before any cost is paid, and before the cache
// could answer a denied request.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/own_names.h"
#include "http/stage.h"
#include "policy/decide.h"

namespace weir::policy {

/// What else is noted in the exchange, for the log.
enum class Notes : uint8_t {
  none,
  /// Exchange::type and page.
  purpose
};

/// Sets the Decision of the request and of its exchange.
class Policy final : public http::Stage {
 public:
  /// `reads_inside`: whether that client accepts Weir's certificates, so that it can read in an
  /// opened tunnel why its CONNECT was refused. Empty: nobody does.
  using ReadsInside = std::function<bool(const http::Request&)>;
  Policy(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const http::OwnNames> own,
         Notes notes = Notes::none, ReadsInside reads_inside = {});
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;

 private:
  /// Goes on with a request of which every byte is counted.
  async::Task<base::Result<http::Response>> counted(http::Request& request, http::Next next) const;
  Decided ask(const http::Request& request) const;
  Question question_of(const http::Request& request) const;
  /// Null: the refusal is the answer to the CONNECT itself, since browsers show no page for that.
  base::Ref<const Decision> shown(const http::Request& request, const Decided& refused) const;
  Decided decide(const Question& question, const Selection* selection) const;

  const std::shared_ptr<const RuleSet> rules_;
  const std::shared_ptr<const http::OwnNames> own_;
  const Notes notes_;
  const ReadsInside reads_inside_;
  /// The last decisions, by a hash of what was asked: the requests of a page go to a few hosts
  /// again and again. Used only on the pipeline's worker.
  mutable std::array<base::Ref<const Decision>, 64> last_;
};

}  // namespace weir::policy
