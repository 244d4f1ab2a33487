// `weir lists`, and keeping lists fresh.
#include <algorithm>

#include "base/clock.h"
#include "base/event_log.h"
#include "base/whole_file.h"
#include "config/mistake.h"
#include "lists/check_sources.h"
#include "lists/url.h"
#include "proxy/master.h"
#include "proxy/rules_now.h"

namespace weir::proxy {
namespace {

using control::Answer;

constexpr size_t kMostOffBytes = size_t{1} << 20;

std::string entries_of(const lists::LoadedList& list) {
  const uint64_t entries = list.file->image().entries();
  return std::to_string(entries) + (entries == 1 ? " entry" : " entries");
}

}  // namespace

void Master::find_lists_off(const Config& config) {
  lists_off_path_ = kept_path(config, "lists-off");
  if (lists_off_path_.empty()) return;
  std::string why;
  const auto text = base::read_whole_file(lists_off_path_, kMostOffBytes, why);
  if (!why.empty()) base::log_event("which lists were switched off is not known: " + why);
  std::string_view rest = text ? *text : std::string_view();
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) lists_off_.emplace(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::string Master::keep_lists_off() {
  if (lists_off_path_.empty()) return "there is no state_dir to keep it in";
  std::string text;
  for (const std::string& name : lists_off_) text += name + '\n';
  std::string why;
  if (!state_.is_open()) why = StateDir::make(state_path_);
  return why.empty() ? base::replace_file(lists_off_path_, text) : why;
}

void Master::load_lists_again() {
  auto loaded = load_lists(snapshot_->config);
  if (!loaded) {
    base::log_event("the lists stay as they were: " + loaded.error());
    return;
  }
  lists_ = *std::move(loaded);
  follow_lists();
  use_rules_of_now();
}

void Master::tend_lists() {
  if (list_updates_.tend()) {
    load_lists_again();
    tell_of_lists();
  }
}

std::string Master::state_of_url(const std::string& url) const {
  const auto time = [this](int64_t seconds) { return local_text(snapshot_->config, seconds); };
  const ListUpdates::Source* const source = list_updates_.find(url);
  if (!source) return "is not fetched: there is no folder to keep it in";
  std::string text =
      source->copy.fetched == 0 ? "not fetched yet" : "fetched " + time(source->copy.fetched);
  if (source->copy.checked > source->copy.fetched)
    text += ", still the same " + time(source->copy.checked);
  if (!source->why.empty())
    text += "; at " + time(source->tried.last_failure) + " it " + source->why;
  if (source->running) return text + "; being fetched now";
  const int64_t next = ListUpdates::next(*source);
  return text + (next <= base::wall_seconds() ? "; due now" : "; next " + time(next));
}

std::string Master::list_line(const lists::LoadedList& list) const {
  std::string text = list.name;
  if (lists_off_.contains(list.name)) text += " (off)";
  text += ": " + entries_of(list);
  if (!list.category.empty()) text += ", category " + list.category;
  for (const std::string& url : snapshot_->config.lists.at(list.name).urls) {
    // Another list that is on may have the same URL.
    const bool off = lists_off_.contains(list.name) && !list_updates_.find(url);
    text += "\n  " + url + ' ' + (off ? "is not fetched: the list is off" : state_of_url(url));
  }
  return text + '\n';
}

std::string Master::list_in_full(const lists::LoadedList& list) const {
  std::string text = list_line(list);
  for (const match::ListSource& source : list.file->image().sources()) {
    text += "  " + (source.name.empty() ? std::string("rules") : source.name) + ": " +
            lists::counts_of(source.report) + '\n';
    for (const match::ListReport::Line& line : source.report.first_not_taken)
      text += "    line " + std::to_string(line.number) + " is not taken: " + line.why + ": " +
              config::without_controls(line.text) + '\n';
  }
  return text;
}

Answer Master::switch_list(const std::string& name, bool on) {
  if (on) {
    lists_off_.erase(name);
  } else {
    lists_off_.insert(name);
  }
  const std::string why = keep_lists_off();
  load_lists_again();
  base::log_event("the list " + name + (on ? " is on" : " is off"));
  std::string text = name + (on ? " is on\n" : " is off\n");
  if (!why.empty()) text += "until this process ends: " + why + '\n';
  return {text};
}

Answer Master::update_lists(const std::string& name) {
  size_t asked = 0;
  std::string text;
  for (const auto& [each, config] : snapshot_->config.lists) {
    if (!name.empty() && each != name) continue;
    for (const std::string& url : config.urls) {
      if (!list_updates_.find(url)) {
        text += url + ' ' + (lists_off_.contains(each) ? "is off" : state_of_url(url)) + '\n';
        continue;
      }
      list_updates_.ask(url);
      ++asked;
    }
  }
  (void)list_updates_.tend();
  text += asked == 0 ? "nothing is to be fetched\n"
                     : std::to_string(asked) + (asked == 1 ? " URL" : " URLs") +
                           " to fetch: `weir lists` says what came of it\n";
  return {text};
}

Answer Master::ask_lists(const std::vector<std::string>& words) {
  const std::string action = words.size() > 1 ? words[1] : "";
  const std::string name = words.size() > 2 ? words[2] : "";
  const auto& all = lists_->lists();
  const auto list = std::ranges::find(all, name, &lists::LoadedList::name);
  if (!name.empty() && list == all.end()) {
    std::string text = "no list is called \"" + name + "\"";
    for (const lists::LoadedList& each : all)
      text += (&each == &all.front() ? ": there are " : ", ") + each.name;
    return Answer::complaint(text + '\n');
  }
  if (action == "update") return update_lists(name);
  if (action == "show" && !name.empty()) return {list_in_full(*list)};
  if ((action == "on" || action == "off") && !name.empty())
    return switch_list(name, action == "on");
  if (!action.empty()) return Answer::complaint("`weir lists show|update|on|off NAME`\n");
  std::string text;
  for (const lists::LoadedList& each : all) text += list_line(each);
  return {text.empty() ? "the configuration has no lists\n" : text};
}

}  // namespace weir::proxy
