// What rules say changes with the hours of the week, without anybody changing a file.
#include <algorithm>

#include "base/clock.h"
#include "proxy/master.h"
#include "proxy/rules_now.h"

namespace weir::proxy {

bool Master::follows_the_clock() const {
  const auto& book = snapshot_->parts->rules->book;
  return (book && (book->table.has_hours() || book->usages)) ||
         std::ranges::any_of(grants_.all(), [](const auto& each) { return each.until != 0; });
}

bool Master::hours_have_changed() const {
  const auto& book = snapshot_->parts->rules->book;
  if (!book || !book->table.has_hours()) return false;
  const policy::LocalTime now = local_time_now(snapshot_->config);
  return now != book->now && !book->table.same_hours(book->now, now);
}

void Master::follow_the_clock() {
  if (!follows_the_clock()) return;
  usages_->set_day(day_now(snapshot_->config));
  const bool ended = grants_.end(base::wall_seconds());
  if (ended) (void)keep_grants();
  if (ended || hours_have_changed()) use_rules_of_now();
}

void Master::renew_rules() {
  auto parts = std::make_shared<PipelineParts>(*snapshot_->parts);
  auto rules = std::make_shared<policy::RuleSet>();
  rules->listeners = parts->rules->listeners;
  rules->house = parts->rules->house;
  rules->book =
      make_rulebook_now(snapshot_->config, parts->listener_names, {lists_, grants_, usages_});
  parts->rules = std::move(rules);
  auto snapshot = std::make_shared<Snapshot>(*snapshot_);
  snapshot->parts = std::move(parts);
  snapshot_ = std::move(snapshot);
}

void Master::use_rules_of_now() {
  renew_rules();
  std::vector<WorkerSockets> none(crew_.size());
  crew_.apply(snapshot_, none, {});
}

}  // namespace weir::proxy
