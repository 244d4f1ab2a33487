// The limits that a configuration asks for and the machine bears.
#include "base/account.h"
#include "base/event_log.h"
#include "proxy/master.h"

namespace weir::proxy {
namespace {

/// A limit of connections that is still high.
constexpr uint32_t kMany = 4096;

std::string limit_of_files(const Bearable& bearable) {
  return "the limit of open files is " + std::to_string(bearable.open_files) + " (ulimit -n)";
}

}  // namespace

void Master::limit_connections(const Bearable& bearable) {
  shared_.max_connections = bearable.connections;
  shared_.spare_descriptors = bearable.spare;
}

uint32_t Master::sockets_of(const Listeners::Change& change) const {
  return static_cast<uint32_t>(change.listening.size() * crew_.size());
}

std::string Master::too_few_descriptors(const Bearable& bearable, size_t addresses) const {
  return limit_of_files(bearable) + ", too low to serve anybody with " +
         std::to_string(crew_.size()) + " workers at " + std::to_string(addresses) +
         (addresses == 1 ? " address" : " addresses");
}

void Master::tell_of_connections(const Config& config, const Bearable& bearable) {
  if (bearable.connections >= config.max_connections) return;
  // No message about the default, which nobody asked for, if the limit is still high.
  if (config.max_connections == Config().max_connections && bearable.connections >= kMany) return;
  base::log_event("limits.connections is " + std::to_string(bearable.connections) +
                  " here instead of " + std::to_string(config.max_connections) + ": " +
                  limit_of_files(bearable));
}

void Master::limit_memory(const Config& config) {
  const uint64_t bearable = bearable_memory(config.memory_bytes, address_space_);
  if (bearable != config.memory_bytes && bearable != base::Account::limit()) {
    base::log_event("limits.memory is " + std::to_string(bearable >> 20) + " MiB here instead of " +
                    std::to_string(config.memory_bytes >> 20) +
                    ": three quarters of what the machine or its limits allow");
  }
  base::Account::set_limit(bearable);
}

}  // namespace weir::proxy
