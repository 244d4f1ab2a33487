// The commands of the control socket, and where the socket is.
#include "control/command.h"

#include "config/all_keys.h"
#include "proxy/explain_command.h"
#include "proxy/master.h"
#include "proxy/status.h"

namespace weir::proxy {

control::Commands Master::commands() {
  using control::Pace, control::Takes, control::Request;
  using policy::Grant;
  return {
      {"status", Pace::quick, Takes::nothing,
       [this](Request) { return control::Answer{status()}; }},
      // Quick, though it reads files and waits for the workers for up to two seconds: all that it
      // changes belongs to this thread, and SIGHUP asks for the same.
      {"reload", Pace::quick, Takes::nothing, [this](Request) { return reload_and_tell(); }},
      {"allow", Pace::quick, Takes::body,
       [this](Request request) { return add_grant(Grant::Kind::allow, request.body); }},
      {"block", Pace::quick, Takes::body,
       [this](Request request) { return add_grant(Grant::Kind::block, request.body); }},
      {"pause", Pace::quick, Takes::body,
       [this](Request request) { return add_grant(Grant::Kind::pause, request.body); }},
      {"revoke", Pace::quick, Takes::words,
       [this](Request request) { return revoke_grant(request.line.words); }},
      {"lists", Pace::quick, Takes::words,
       [this](Request request) { return ask_lists(request.line.words); }},
      {"grants", Pace::quick, Takes::nothing,
       [this](Request) { return control::Answer{all_grants()}; }},
      {"explain", Pace::slow, Takes::body,
       [snapshot = snapshot_.view()](const Request& request) {
         return explain(snapshot, request);
       }},
  };
}

/// Lines of `weir status` about where opening does not work.
static constexpr size_t kMostFindings = 100;

std::string Master::status() {
  return status_text(
      {.uptime_s = (base::monotonic_ms() - started_ms_) / 1000,
       .workers = crew_.size(),
       .state_dir = state_path_,
       .reloads = reloads_,
       .ending = ending_,
       .client_connections = shared_.connections.load(),
       .client_connections_limit = shared_.max_connections.load(),
       .log_lines_dropped = log_.dropped(),
       .opening = opening_told(),
       .not_opened = shared_.opening.learned.findings(base::monotonic_ms(), kMostFindings)},
      crew_.hear(ending_ ? kPatienceAtEndMs : kPatienceMs));
}

std::string Master::control_path() const {
  return started_with_.control.empty() ? config::default_control_path(first_port_)
                                       : started_with_.control;
}

std::string Master::seek_control() {
  if (control_is_there()) return {};
  const std::string why = control_.open(control_path(), !started_with_.control.empty());
  if (why.empty()) return {};
  return (control_.is_open() ? "the control socket stays " + control_.path()
                             : "no control socket") +
         ": " + why + "; tried again each second";
}

std::string Master::control_found() {
  if (control_is_there()) return {};
  const std::string why = seek_control();
  return why.empty() ? "the control socket is " + control_.path() : why;
}

}  // namespace weir::proxy
