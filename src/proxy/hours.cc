// What rules say changes with the hours of the week, without anybody changing a file.
#include "base/event_log.h"
#include "proxy/master.h"
#include "proxy/rules_now.h"

namespace weir::proxy {

bool Master::follows_the_clock() const {
  const auto& book = snapshot_->parts->rules->book;
  return book && book->table.has_hours();
}

void Master::follow_the_clock() {
  if (!follows_the_clock()) return;
  const policy::Rulebook& book = *snapshot_->parts->rules->book;
  const policy::LocalTime now = local_time_now(snapshot_->config);
  if (now == book.now || book.table.same_hours(book.now, now)) return;
  use_rules_of_now();
}

void Master::use_rules_of_now() {
  auto parts = std::make_shared<PipelineParts>(*snapshot_->parts);
  auto rules = std::make_shared<policy::RuleSet>();
  rules->listeners = parts->rules->listeners;
  rules->house = parts->rules->house;
  rules->book = make_rulebook_now(snapshot_->config, parts->listener_names, parts->rules->lists());
  parts->rules = std::move(rules);
  auto snapshot = std::make_shared<Snapshot>(*snapshot_);
  snapshot->parts = std::move(parts);
  snapshot_ = std::move(snapshot);
  std::vector<WorkerSockets> none(crew_.size());
  crew_.apply(snapshot_, none, {});
}

}  // namespace weir::proxy
