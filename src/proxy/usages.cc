// What clients have used of their limits, from one start to the next.
#include "base/clock.h"
#include "base/event_log.h"
#include "base/whole_file.h"
#include "proxy/master.h"
#include "proxy/rules_now.h"

namespace weir::proxy {
namespace {
/// So much is forgotten at worst, where the process is killed.
constexpr uint64_t kKeepMs = 60'000;
}  // namespace

void Master::find_usages(const Config& config) {
  usages_->set_day(day_now(config));
  usages_path_ = kept_path(config, "usage");
  if (usages_path_.empty()) return;
  std::string why;
  const auto text = base::read_whole_file(usages_path_, policy::Usages::kMostBytes, why);
  if (text && why.empty()) {
    if (const std::string wrong = usages_->read(*text); !wrong.empty())
      why = usages_path_ + ": " + wrong;
  }
  if (!why.empty()) base::log_event("what was used of limits today is not known: " + why);
  kept_usages_ = usages_->text();
  usages_kept_ms_ = base::monotonic_ms();
}

void Master::keep_usages() {
  const auto& book = snapshot_->parts->rules->book;
  if (usages_path_.empty() || !book || !book->usages) return;
  std::string text = usages_->text();
  if (text == kept_usages_) return;
  std::string why;
  if (!state_.is_open()) why = StateDir::make(state_path_);
  if (why.empty()) why = base::replace_file(usages_path_, text);
  if (!why.empty()) base::log_event("what is used of limits is not kept: " + why);
  kept_usages_ = std::move(text);
}

void Master::keep_usages_now_and_then() {
  if (base::monotonic_ms() < usages_kept_ms_ + kKeepMs) return;
  usages_kept_ms_ = base::monotonic_ms();
  keep_usages();
}

}  // namespace weir::proxy
