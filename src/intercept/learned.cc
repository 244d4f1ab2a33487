#include "intercept/learned.h"

namespace weir::intercept {
namespace {

/// No client or host has a character of this kind in its name.
constexpr char kBetween = '\n';

std::string program_key(const Party& party) {
  std::string key(party.client);
  key += kBetween;
  key += std::to_string(party.shape);
  return key;
}
/// A CONNECT to an address may name any host in its ClientHello.
std::string host_key(std::string_view host, std::string_view place) {
  return std::string(host) + kBetween + std::string(place);
}
std::string refusal_key(const Party& party) {
  return program_key(party) + kBetween + std::string(party.host);
}

}  // namespace

http::Aside Learned::reason(const Party& party, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (const About* const about = hosts_.find(host_key(party.host, party.place), now_ms))
    return about->aside;
  const Program* const program = programs_.find(program_key(party), now_ms);
  if (program && !program->accepted && program->refused_hosts >= kHostsWithoutAuthority)
    return http::Aside::no_authority;
  const Refusal* const refusal = refusals_.find(refusal_key(party), now_ms);
  return refusal && refusal->evidence >= kEnough ? refusal->aside : http::Aside::none;
}

void Learned::rejected(const Party& party, Sureness sureness, uint8_t alert, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  Program& program = programs_.at(program_key(party), party.client, now_ms);
  program.client = party.client;
  Refusal& refusal = refusals_.at(refusal_key(party), party.client, now_ms);
  if (refusal.evidence == 0) ++program.refused_hosts;
  refusal.client = party.client;
  refusal.host = party.host;
  refusal.alert = alert;
  refusal.aside = http::Aside::rejected;
  // A program that trusts the authority also ends connections for reasons of its own.
  const bool others = program.accepted && sureness == Sureness::likely;
  refusal.evidence += others ? kLikelyAmongOthers : kEnough;
}

void Learned::speaks_otherwise(const Party& party, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  refusals_.at(refusal_key(party), party.client, now_ms) = {
      std::string(party.client), std::string(party.host), kEnough, http::Aside::not_http, 0};
}

void Learned::accepted(const Party& party, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  trusts_.at(party.client, party.client, now_ms);
  Program& program = programs_.at(program_key(party), party.client, now_ms);
  program.client = party.client;
  const bool first = !program.accepted && program.refused_hosts > 0;
  program.accepted = true;
  program.refused_hosts = 0;
  // The first time: the authority was installed since. What it refused before, it may accept now.
  const std::string mine = program_key(party) + kBetween;
  if (first)
    refusals_.erase_if([&](const auto& entry) { return entry.key.starts_with(mine); });
  else if (Refusal* const refusal = refusals_.find(refusal_key(party), now_ms))
    refusal->evidence = 0;
}

void Learned::host_is(std::string_view host, std::string_view place, http::Aside aside,
                      std::string_view client, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  hosts_.at(host_key(host, place), client, now_ms) = {std::string(host), aside};
}

bool Learned::has_accepted(const Party& party, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const Program* const program = programs_.find(program_key(party), now_ms);
  return program && program->accepted;
}

bool Learned::trusts(std::string_view client, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  return trusts_.find(client, now_ms) != nullptr;
}

void Learned::tunnel_was(std::string_view client, std::string_view host, http::TlsInside tls,
                         http::Aside aside, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  last_.at(client, client, now_ms) = {std::string(host), tls, aside};
}

LastTunnel Learned::last_tunnel(std::string_view client, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const LastTunnel* const last = last_.find(client, now_ms);
  return last ? *last : LastTunnel();
}

void Learned::forget_clients() {
  const std::lock_guard lock(mutex_);
  const auto all = [](const auto&) { return true; };
  refusals_.erase_if(all);
  programs_.erase_if(all);
  trusts_.erase_if(all);
}

void Learned::forget_refusals() {
  const std::lock_guard lock(mutex_);
  refusals_.erase_if([](const auto&) { return true; });
  programs_.erase_if([](const auto& entry) { return !entry.value.accepted; });
}

std::vector<Finding> Learned::findings(uint64_t now_ms, size_t most) {
  const std::lock_guard lock(mutex_);
  std::vector<Finding> found;
  const auto add = [&](Finding finding, uint64_t since_ms) {
    finding.age_ms = now_ms > since_ms ? now_ms - since_ms : 0;
    if (finding.age_ms < kLifeMs && found.size() < most) found.push_back(std::move(finding));
  };
  for (const auto& entry : programs_.entries()) {
    const Program& program = entry.value;
    if (!program.accepted && program.refused_hosts >= kHostsWithoutAuthority)
      add({program.client, {}, http::Aside::no_authority}, entry.since_ms);
  }
  for (const auto& entry : hosts_.entries())
    add({{}, entry.value.host, entry.value.aside}, entry.since_ms);
  for (const auto& entry : refusals_.entries()) {
    const Refusal& refusal = entry.value;
    if (refusal.evidence >= kEnough)
      add({refusal.client, refusal.host, refusal.aside, refusal.alert}, entry.since_ms);
  }
  return found;
}

}  // namespace weir::intercept
