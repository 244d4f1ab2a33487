#include "cli/ca_words.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <expected>

#include "base/clock.h"
#include "base/folders.h"
#include "base/whole_file.h"
#include "cli/as_owner.h"
#include "cli/command_texts.h"
#include "config/mistake.h"
#include "config/reader.h"
#include "intercept/exports.h"
#include "intercept/generations.h"
#include "net/tls/pem_text.h"

namespace weir::cli {
namespace {

using intercept::Generations;
using intercept::Listed;

Command fail(const std::string& why) {
  return {{}, 1, {}, "weir: " + config::without_controls(why) + '\n'};
}
Command misused(const std::string& why) {
  return {{}, 2, {}, "weir: " + why + '\n' + find_command("ca")->usage()};
}
Command say(std::string text) {
  return {{}, 0, std::move(text), {}};
}

struct Place {
  /// The folder for state.
  std::string state;
  /// `[tls] roots`.
  std::vector<std::string> roots;
};

/// What `config` names, or else the defaults.
std::expected<Place, std::string> place_of(const std::string& config,
                                           const std::string& state_dir) {
  Place place{state_dir, {}};
  if (!config.empty()) {
    auto read = config::read_file(config);
    if (!read) return std::unexpected(config::text_of(read.error()));
    place = {std::move(read->state_dir), std::move(read->tls.roots)};
  }
  if (place.state.empty()) place.state = config::default_state_dir();
  if (place.state.empty())
    return std::unexpected(std::string("there is no home: name --state-dir"));
  return place;
}

constexpr std::string_view kTaken =
    "A Weir that runs takes it with `weir reload`, or at its next start.\n";

std::string described(const Listed& each) {
  return each.name +
         (each.signs      ? "  (signs)"
          : each.prepared ? "  (prepared: `weir ca switch` makes it sign)"
                          : "  (signs no more)") +
         "\n  generation " + std::to_string(each.number) + ", valid from " + each.from + " to " +
         each.to + "\n  SHA-256 " + each.fingerprint + '\n';
}

Command init_in(const std::string& state) {
  if (std::string why = base::make_folders(state); !why.empty()) return fail(why);
  const auto made = Generations(state).make_first(intercept::this_host(), base::wall_seconds());
  if (!made) return fail(made.error());
  return say("Made the authority \"" + intercept::name_of((*made)->certificate()) + "\" in " +
             state + "/ca.\nSHA-256 " + intercept::fingerprint_of((*made)->certificate()) +
             "\nNext: `weir ca export --state-dir " + state +
             " FILE` for clients, which have to trust it; then [intercept] in the configuration "
             "(docs/guide/https.md).\n" +
             std::string(kTaken));
}

Command renew_in(const std::string& state) {
  const auto number = Generations(state).renew(intercept::this_host(), base::wall_seconds());
  if (!number) return fail(number.error());
  return say("Prepared generation " + std::to_string(*number) +
             ". The old one signs until `weir ca switch`: first give the new one to all clients. "
             "`weir ca export` has both, and for programs that take one certificate from a file "
             "`--generation " +
             std::to_string(*number) +
             "` the new one alone; Weir's own pages have it after `weir reload`.\n");
}

Command switch_in(const std::string& state) {
  const auto number = Generations(state).switch_over();
  if (!number) return fail(number.error());
  return say("Generation " + std::to_string(*number) + " signs from now on. " +
             std::string(kTaken));
}

/// The configuration may name another folder than the default.
std::string none_in(const std::string& state) {
  return intercept::no_authority_in(Generations(state).folder()) +
         "; a Weir with a configuration has it where that says, see --config FILE";
}

/// Text stays on the terminal; what is no text would only upset it.
Command deliver(std::string content, bool binary, const std::string& file) {
  if (file.empty() && binary && isatty(STDOUT_FILENO) == 1)
    return fail("this form is no text: name a FILE");
  if (file.empty()) return say(std::move(content));
  struct stat there{};
  if (stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    return fail(file + " is there, and is no ordinary file");
  if (std::string why = base::replace_file(file, content); !why.empty()) return fail(why);
  chmod(file.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);  // It is for everybody.
  return say({});
}

}  // namespace

CaWords::CaWords(CLI::App& app) : word_(app.add_subcommand("ca")) {
  word_->set_help_flag();
  word_->add_option("ACTION", action_);
  word_->add_option("FILE", file_);
  word_->add_option("--config", config_);
  word_->add_option("--state-dir", state_dir_);
  word_->add_option("--generation", generation_);
  word_->add_flag("--pem", pem_);
  word_->add_flag("--der", der_);
  word_->add_flag("--p12", p12_);
  word_->add_flag("--mobileconfig", mobileconfig_);
  word_->add_flag("--bundle", bundle_);
}

Command CaWords::show(const std::string& state) const {
  const auto all = Generations(state).all();
  if (!all) return fail(all.error());
  if (all->empty()) return fail(none_in(state));
  std::string text;
  for (const Listed& each : *all) text += described(each);
  // Says what would keep a Weir from starting.
  if (const auto signs = Generations(state).signing(); !signs) {
    Command failed = fail(signs.error());
    failed.output = text;
    failed.complaint +=
        "weir: `weir ca renew` and then `weir ca switch` put another in its place\n";
    return failed;
  }
  return say(text + "`weir ca export FILE` writes what clients have to trust.\n");
}

Command CaWords::export_to(const std::string& state, const std::vector<std::string>& roots) const {
  if (pem_ + der_ + p12_ + mobileconfig_ + bundle_ > 1)
    return misused("one of --pem, --der, --p12, --mobileconfig and --bundle");
  auto all = [&] {
    const AsOwner owner(state);
    return Generations(state).all();
  }();
  if (!all) return fail(all.error());
  // Those that sign or will, or the one that is asked for.
  std::erase_if(*all, [&](const Listed& each) {
    return generation_ != 0 ? each.number != generation_ : !each.signs && !each.prepared;
  });
  if (all->empty()) {
    return fail(generation_ != 0 ? "there is no generation " + std::to_string(generation_)
                                 : none_in(state));
  }
  if (der_ && all->size() > 1)
    return misused("--der has one certificate, and there are two: name --generation N");
  if (bundle_) {
    auto bundle = intercept::as_bundle(*all, roots);
    return bundle ? deliver(*std::move(bundle), false, file_) : fail(bundle.error());
  }
  if (mobileconfig_) return deliver(intercept::as_mobileconfig(*all), false, file_);
  if (p12_) return deliver(intercept::as_p12(*all), true, file_);
  if (der_) return deliver(net::der_of(all->front().certificate.get()), true, file_);
  return deliver(intercept::as_pem(*all), false, file_);
}

Command CaWords::run() const {
  constexpr auto kActions =
      std::to_array<std::string_view>({"init", "show", "export", "renew", "switch"});
  if (std::ranges::find(kActions, action_) == kActions.end())
    return misused("`weir ca` needs one of init, show, export, renew and switch");
  if (!config_.empty() && !state_dir_.empty())
    return misused("--config and --state-dir: the file names the folder");
  const bool formed = pem_ || der_ || p12_ || mobileconfig_ || bundle_ || generation_ != 0;
  if (action_ != "export" && (formed || !file_.empty()))
    return misused("`weir ca " + action_ + "` takes no form and no file");
  const auto place = place_of(config_, state_dir_);
  if (!place) return {{}, 1, {}, place.error() + (config_.empty() ? "\n" : "")};
  const std::string& state = place->state;
  if (action_ == "export") return export_to(state, place->roots);
  const AsOwner owner(state);
  if (action_ == "init") return init_in(state);
  if (action_ == "renew") return renew_in(state);
  return action_ == "switch" ? switch_in(state) : show(state);
}

}  // namespace weir::cli
