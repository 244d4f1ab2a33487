#include "proxy/explain_command.h"

#include "base/clock.h"
#include "config/list_checks.h"
#include "config/ready_rules.h"
#include "explain/answer.h"
#include "proxy/rules_now.h"

namespace weir::proxy {
namespace {

using control::Answer;

explain::World world_of(const Snapshot& snapshot) {
  const PipelineParts& parts = *snapshot.parts;
  explain::World world{.rules = parts.rules,
                       .own = parts.own,
                       .clients = snapshot.config.clients,
                       .listeners = {},
                       .lists = {},
                       .zone = config::zone_of(snapshot.config),
                       .now = local_time_now(snapshot.config)};
  for (const policy::ListName& each : config::list_names(snapshot.config))
    world.lists.push_back(each.name);
  for (uint32_t number = 0; number < parts.listening.size(); ++number) {
    const auto& address = parts.listening[number];
    if (!address) continue;
    explain::Listener listener{number, parts.listener_names[number].name, *address,
                               parts.clients[number]};
    const auth::Demand& demand = *parts.demands[number];
    if (demand.login()) listener.login = demand.config();
    world.listeners.push_back(std::move(listener));
  }
  return world;
}

}  // namespace

Answer explain(const KeptSnapshot::View& snapshot, const control::Request& request) {
  const auto& words = request.line.words;
  const auto form = words.size() == 2 ? explain::form_named(words[1]) : std::nullopt;
  if (!form) return Answer::complaint("`explain` is text or json, and a question\n");
  const auto asked = explain::parse_asked(request.body);
  if (!asked) return Answer::complaint(asked.error() + '\n');
  const SnapshotRef used = snapshot.get();
  if (!used) return Answer::complaint("Weir has not started yet\n");
  const auto answer = explain::answer(world_of(*used), *asked, *form);
  if (!answer) return Answer::complaint(answer.error() + '\n');
  return {explain::sent(*answer)};
}

}  // namespace weir::proxy
