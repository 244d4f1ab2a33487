// A new configuration while Weir runs.
#include <new>

#include "base/event_log.h"
#include "config/all_keys.h"
#include "config/reader.h"
#include "proxy/make_snapshot.h"
#include "proxy/master.h"

namespace weir::proxy {

std::string Master::reload() {
  if (snapshot_->config.file.empty())
    return "there is no configuration file to read again: Weir was started with a port";
  auto read = config::read_again(snapshot_->config.file, snapshot_->config);
  if (!read) return config::text_of(read.error());
  Config config = *std::move(read);
  config.file = snapshot_->config.file;
  config.debug_asked = snapshot_->config.debug_asked;
  config.debug |= config.debug_asked;
  auto loaded = load_lists(config);
  if (!loaded) return loaded.error();
  auto authority = find_authority(config);
  if (!authority) return authority.error();
  Bearable bearable{};
  auto made = make_snapshot(
      config, snapshot_.get(), listeners_, {*loaded, grants_, usages_}, *std::move(authority), via_,
      [&](const Listeners::Change& change) -> std::string {
        // Counted as start() does.
        const uint32_t sockets = sockets_of(change);
        bearable = bearable_connections(config.max_connections, descriptors_ + sockets, sockets);
        const bool enough = descriptors_ + sockets + kFewestDescriptors <= bearable.open_files &&
                            sockets + bearable.spare + 1 < bearable.sockets;
        return enough ? std::string() : too_few_descriptors(bearable, change.listening.size());
      });
  if (!made) return made.error();
  Listeners::Change& change = made->change;
  listeners_.commit(change);
  const uint32_t connections_before = shared_.max_connections;
  limit_connections(bearable);
  const bool told = bearable.connections == connections_before &&
                    config.max_connections == snapshot_->config.max_connections;
  if (!told) tell_of_connections(config, bearable);
  shared_.origin_slots.set_most(config.origin.connections_per_origin);
  limit_memory(config);
  base::debug_enabled.store(config.debug, std::memory_order_relaxed);
  snapshot_ = std::move(made->snapshot);
  lists_ = *std::move(loaded);
  follow_lists();
  first_port_ = change.listening.front().port;
  crew_.apply(snapshot_, change.opened, change.closed);
  shared_.opening.learned.forget_refusals();
  // Wait for the workers, so that "reloaded" is true when it is reported: the new rules hold for
  // what begins, and removed listeners have freed their addresses.
  (void)crew_.hear(kPatienceMs);
  for (const std::string& words : change.words) base::log_event(words);
  ++reloads_;
  return {};
}

control::Answer Master::reload_and_tell() try {
  std::string why = ending_ ? "Weir is ending" : reload();
  while (why.ends_with('\n')) why.pop_back();
  const std::string told = why.empty() ? "reloaded" : "the old configuration stays: " + why;
  base::log_event(why.empty() ? told + ' ' + snapshot_->config.file : told);
  if (!why.empty()) return control::Answer::complaint(told + '\n');
  std::string more;
  const auto add = [&](const std::string& line) {
    if (line.empty()) return;
    base::log_event(line);
    more += line + '\n';
  };
  add(control_found());
  add(opening_told());
  add(key_log_told());
  std::string waiting;
  for (const std::string& key : config::changed_until_restart(started_with_, snapshot_->config))
    waiting += (waiting.empty() ? "" : ", ") + key;
  if (!waiting.empty()) add("changed in the file, and only a restart brings it: " + waiting);
  return {told + '\n' + more};
} catch (const std::bad_alloc&) {
  // Some workers may already have the new configuration.
  constexpr const char* kWhy = "there was no memory for all of a reload: ask for it again";
  base::log_event(kWhy);
  return control::Answer::complaint(kWhy);
}

}  // namespace weir::proxy
