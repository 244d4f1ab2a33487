// The main thread: signals, the control socket, reloads.
#pragma once
#include <sys/signalfd.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "control/control.h"
#include "journal/access_log.h"
#include "lists/loaded.h"
#include "lists/loader.h"
#include "policy/grants.h"
#include "policy/usage.h"
#include "proxy/capacity.h"
#include "proxy/config.h"
#include "proxy/crew.h"
#include "proxy/kept_snapshot.h"
#include "proxy/list_updates.h"
#include "proxy/listeners.h"
#include "proxy/make_snapshot.h"
#include "proxy/shared.h"
#include "proxy/snapshot.h"
#include "proxy/state_dir.h"

namespace weir::proxy {

/// For the control socket and its reserve descriptor, a client, its origin, a query to a name
/// server, and a file.
inline constexpr uint32_t kFewestDescriptors = 6;
/// How long to wait for workers that do not answer.
inline constexpr int kPatienceMs = 2000, kPatienceAtEndMs = 200;

/// Owns the workers and all that they share. Used by the main thread. Its functions are in run.cc
/// (start, signals, end), reload.cc, limits.cc and commands.cc.
class Master {
 public:
  explicit Master(const Config& config);

  /// Serves until it is told to stop; returns the process's exit status.
  int run(const Config& config);

 private:
  bool start(const Config& config);
  void end(uint64_t drain_ms);
  /// Waits for a signal and serves the control socket meanwhile. False if no signal came in time.
  bool hear_signal(int timeout_ms, signalfd_siginfo& info);

  // limits.cc
  void limit_connections(const Bearable& bearable);
  static void tell_of_connections(const Config& config, const Bearable& bearable);
  void limit_memory(const Config& config);
  uint32_t sockets_of(const Listeners::Change& change) const;
  std::string too_few_descriptors(const Bearable& bearable, size_t addresses) const;

  // reload.cc
  /// Returns empty, or why the old configuration stays.
  std::string reload();
  /// Reloads, reports the result on standard error, and returns the answer for the control socket.
  control::Answer reload_and_tell();

  /// The file or folder in which something outlives a restart; empty if there is no place for it.
  /// The default folder is not locked, so there each Weir has its own, by its port.
  std::string kept_path(const Config& config, std::string_view name) const;

  // load_lists.cc
  /// Where images are kept; empty if there is no place for them.
  std::string lists_folder(const Config& config) const;
  /// The lists that `config` names. Compiles those that have changed, on a thread of its own, and
  /// waits for it. The error is one line: the configuration can't be used.
  std::expected<std::shared_ptr<const lists::Loaded>, std::string> load_lists(const Config& config);
  /// Has fetched from now on what the snapshot's lists name.
  void follow_lists();
  void tell_of_lists() const;

  // authority.cc
  /// Empty if there is no authority and none is needed. The first time that HTTPS is to be opened
  /// one is made, which the event log tells. The error is one line.
  std::expected<FoundAuthority, std::string> find_authority(const Config& config);
  std::expected<std::shared_ptr<const intercept::Authority>, std::string> make_authority();

  // list_commands.cc
  /// Call it every few seconds: fetches what is due.
  void tend_lists();
  void load_lists_again();
  /// Which lists somebody has switched off; kept over a restart.
  void find_lists_off(const Config& config);
  std::string keep_lists_off();
  control::Answer ask_lists(const std::vector<std::string>& words);
  control::Answer update_lists(const std::string& name);
  control::Answer switch_list(const std::string& name, bool on);
  std::string state_of_url(const std::string& url) const;
  std::string list_line(const lists::LoadedList& list) const;
  std::string list_in_full(const lists::LoadedList& list) const;

  // usages.cc
  /// Where what clients have used of limits is kept; reads what is there.
  void find_usages(const Config& config);
  void keep_usages();
  /// Call it every few seconds.
  void keep_usages_now_and_then();

  // hours.cc
  bool follows_the_clock() const;
  /// Call it every few seconds: brings rules to the workers whose hour has come.
  void follow_the_clock();
  bool hours_have_changed() const;
  /// Makes the rules anew, as they hold now.
  void renew_rules();
  /// Makes the rules anew and brings them to the workers, which ask again about all that runs.
  void use_rules_of_now();

  // grant_commands.cc
  /// Reads what was allowed or blocked before the last end.
  void find_grants(const Config& config);
  /// Writes the file. Empty, or what failed.
  std::string keep_grants();
  control::Answer add_grant(policy::Grant::Kind kind, const std::string& body);
  control::Answer revoke_grant(const std::vector<std::string>& words);
  std::string shown(const policy::Grant& grant) const;
  std::string all_grants() const;

  // commands.cc
  /// What the control socket answers. To add a command is to add a line here and its function.
  control::Commands commands();
  std::string status();
  std::string control_path() const;
  bool control_is_there() const { return control_.is_there() && control_.path() == control_path(); }
  /// Opens the control socket at its current path, if it is not open there. Returns empty, or why
  /// it failed.
  std::string seek_control();
  /// Calls seek_control(). Returns empty if the socket was there already, else the line to report.
  std::string control_found();
  /// The warning that secrets are written to a file; empty: they are not.
  std::string key_log_told() const;
  /// Which HTTPS is opened, and by whom; empty: none is.
  std::string opening_told() const;
  std::string by_whom() const;

  journal::AccessLog log_;
  Shared shared_;
  const Config started_with_;
  Crew crew_;
  Listeners listeners_;
  const std::string via_;
  KeptSnapshot snapshot_;
  /// Made when a configuration first has lists.
  std::optional<lists::Loader> list_loader_;
  /// Those of the snapshot. Never null.
  std::shared_ptr<const lists::Loaded> lists_ = std::make_shared<const lists::Loaded>();
  ListUpdates list_updates_{[this](House::Job job) { return crew_.run_in_house(std::move(job)); }};
  std::set<std::string> lists_off_;
  /// Empty: it ends with this process.
  std::string lists_off_path_;
  control::Control control_{commands()};
  /// Port of the first listener; the default path of the control socket contains it.
  uint16_t first_port_ = 0;
  policy::Grants grants_;
  /// Shared with the rules that limit. Never null.
  std::shared_ptr<policy::Usages> usages_ = std::make_shared<policy::Usages>();
  /// Empty: they end with this process.
  std::string usages_path_;
  /// As they were last kept, and when.
  std::string kept_usages_;
  uint64_t usages_kept_ms_ = 0;
  /// Where they are kept; empty: they end with the process.
  std::string grants_path_;
  StateDir state_;
  /// From the start: a reload does not change it.
  std::string state_path_;
  /// Descriptors in use before the first client, without listening sockets.
  uint32_t descriptors_ = 0;
  uint64_t address_space_ = UINT64_MAX;  // Left once all threads ran.
  int signals_ = -1;
  const uint64_t started_ms_ = base::monotonic_ms();
  uint64_t reloads_ = 0;
  /// True while draining: no more clients are accepted.
  bool ending_ = false;
};

}  // namespace weir::proxy
