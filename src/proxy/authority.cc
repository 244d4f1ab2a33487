// The authority that Weir opens TLS with: found in state_dir, or made there.
#include <algorithm>

#include "base/clock.h"
#include "base/event_log.h"
#include "intercept/generations.h"
#include "net/tls/pem_text.h"
#include "proxy/master.h"
#include "proxy/state_dir.h"

namespace weir::proxy {
namespace {

std::vector<own::Authority> offered_by(const intercept::Generations& generations) {
  std::vector<own::Authority> offered;
  auto all = generations.all();
  if (!all) return offered;
  for (const intercept::Listed& each : *all) {
    if (!each.signs && !each.prepared) continue;
    X509* const certificate = each.certificate.get();
    offered.push_back({each.name, each.to, each.fingerprint, net::pem_of(certificate),
                       net::der_of(certificate), each.prepared});
  }
  return offered;
}

bool same(const intercept::Authority& a, const intercept::Authority& b) {
  return a.generation() == b.generation() && X509_cmp(a.certificate(), b.certificate()) == 0;
}

}  // namespace

std::expected<std::shared_ptr<const intercept::Authority>, std::string> Master::make_authority() {
  std::string why;
  if (!state_.is_open()) why = StateDir::make(state_path_);
  if (!why.empty()) return std::unexpected(std::move(why));
  const intercept::Generations generations(state_path_);
  auto made = generations.make_first(intercept::this_host(), base::wall_seconds());
  if (!made) return made;
  base::log_event("made an authority, since HTTPS is to be opened: \"" +
                  intercept::name_of((*made)->certificate()) + "\" in " + generations.folder() +
                  ", SHA-256 " + intercept::fingerprint_of((*made)->certificate()) +
                  "; clients have to trust it: `weir ca export --state-dir " + state_path_ +
                  " FILE` (docs/guide/https.md)");
  return made;
}

std::expected<FoundAuthority, std::string> Master::find_authority(const Config& config) {
  const bool wanted = config.opening.mode != policy::OpeningMode::off;
  if (state_path_.empty()) {
    if (!wanted) return FoundAuthority();
    return std::unexpected(
        std::string("to open HTTPS, set state_dir: the authority is kept there"));
  }
  const intercept::Generations generations(state_path_);
  auto signs = generations.signing();
  if (signs && !*signs && wanted) signs = make_authority();
  if (!signs && !wanted) {
    // The default folder may be somebody else's.
    if (!config.state_dir.empty()) base::log_event("the authority is not used: " + signs.error());
    return FoundAuthority();
  }
  if (!signs) return std::unexpected("HTTPS can't be opened: " + signs.error());
  if (!*signs) return FoundAuthority();
  FoundAuthority found{nullptr, offered_by(generations)};
  // While the authority is the same, clients keep their sessions and certificates.
  const auto before = snapshot_.get() ? snapshot_->parts->leaves : nullptr;
  const bool kept = before && same(*before->authority(), **signs);
  found.leaves = kept ? before : intercept::Leaves::make(*std::move(signs));
  if (!found.leaves)
    return std::unexpected(std::string("OpenSSL could not make a key for certificates"));
  return found;
}

std::string Master::opening_told() const {
  const policy::OpeningConfig& opening = snapshot_->config.opening;
  const std::string hosts = std::to_string(opening.hosts.size()) + " of `intercept.hosts`";
  switch (opening.mode) {
    case policy::OpeningMode::off: return {};
    case policy::OpeningMode::only:
      return "HTTPS is opened of " + (opening.hosts.empty() ? "the hosts of rules alone" : hosts) +
             by_whom();
    case policy::OpeningMode::all_but:
      return "HTTPS is opened of all hosts but " +
             (opening.hosts.empty() ? "those that never are" : hosts) + by_whom();
  }
  return {};
}

/// The authority, and until when.
std::string Master::by_whom() const {
  const auto& known = snapshot_->parts->authorities;
  const auto signs = std::ranges::find(known, false, &own::Authority::next);
  if (signs == known.end()) return {};
  return ", by \"" + signs->name + "\", valid until " + signs->until;
}

}  // namespace weir::proxy
