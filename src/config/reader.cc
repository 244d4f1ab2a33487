#include "config/reader.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
// Its assertions do not hold for every file (`[^a]`), and a broken file must not end a proxy that reads it again; behind them it
// reports such a mistake as any other.
#define TOML_ASSERT(expr) static_assert(true)
#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <tuple>

#include "config/checks.h"
#include "config/keys.h"
#include "config/value.h"

namespace weir::config {

namespace {

Position position_of(const toml::source_region& region) {
  return {static_cast<uint32_t>(region.begin.line), static_cast<uint32_t>(region.begin.column)};
}

/// What stands there, for a person.
std::string shown(const toml::node& node) {
  if (const auto text = node.value_exact<std::string_view>()) return in_quotes(*text);
  if (const auto number = node.value_exact<int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  if (node.is_floating_point()) return "a number with a point";
  return "a date or time";
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  std::expected<Config, std::vector<Mistake>> read(const toml::table& root) {
    for (const auto& [key, node] : root) read_at_top(key, node);
    if (!listeners_.empty()) config_.listeners = std::move(listeners_);
    check(config_, sources_, [&](Position at, std::string found, std::string expected) {
      add(at, std::move(found), std::move(expected));
    });
    if (mistakes_.empty()) return std::move(config_);
    std::ranges::sort(mistakes_, {}, [](const Mistake& mistake) { return std::tie(mistake.at, mistake.found); });
    return std::unexpected(std::move(mistakes_));
  }

 private:
  void add(Position at, std::string found, std::string expected, std::string nearest = {}) {
    mistakes_.push_back({file_, at, std::move(found), std::move(expected), std::move(nearest)});
  }

  void unknown(const toml::key& key, std::string_view table, std::string expected) {
    add(position_of(key.source()), "unknown key " + in_quotes(key.str()), std::move(expected), nearest_to(table, key.str()));
  }

  void read_at_top(const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    if (name == kListener) {
      read_listeners(key, node);
    } else if (find_group(name)) {
      const std::string header = '[' + std::string(name) + ']';
      if (const auto* table = node.as_table()) {
        read_table(*table, name, header, nullptr);
      } else {
        add(position_of(node.source()), std::string(name) + " is " + shown(node), "a table, written as " + header);
      }
    } else if (const Key* known = find_key("", name)) {
      read_value(*known, node, {&config_, nullptr});
    } else {
      unknown(key, "", "a known key or table");
    }
  }

  void read_listeners(const toml::key& key, const toml::node& node) {
    const auto* array = node.as_array();
    if (!array || !array->is_homogeneous(toml::node_type::table)) {
      add(position_of(key.source()), "listener is " + shown(node), "tables, each begun by a line [[listener]]");
      return;
    }
    for (const auto& element : *array) {
      ListenerConfig listener;
      ListenerSource source{.at = position_of(element.source())};
      read_table(*element.as_table(), kListener, "[[listener]]", &listener);
      // Checks that need more than one value name these places.
      if (const auto* address = element.as_table()->get("address")) note_places(*address, listener.addresses.size(), source);
      if (const auto* node = element.as_table()->get("private")) source.private_at = position_of(node->source());
      listeners_.push_back(std::move(listener));
      sources_.listeners.push_back(std::move(source));
    }
  }

  static void note_places(const toml::node& node, size_t count, ListenerSource& source) {
    const auto* list = node.as_array();
    for (size_t i = 0; i < count; ++i) {
      const bool each = list && list->size() == count;
      source.addresses.push_back(position_of(each ? list->get(i)->source() : node.source()));
    }
  }

  void read_table(const toml::table& table, std::string_view name, const std::string& header, ListenerConfig* listener) {
    for (const auto& [key, node] : table) {
      const Key* known = find_key(name, key.str());
      if (!known) {
        unknown(key, name, "a key of " + header);
      } else {
        read_value(*known, node, {&config_, listener});
      }
    }
    for (const Key& key : keys()) {
      if (key.table == name && key.required && !table.contains(key.name)) {
        add(position_of(table.source()), header + " has no " + std::string(key.name), expectation(key));
      }
    }
  }

  void read_value(const Key& key, const toml::node& node, Place place) {
    const size_t before = mistakes_.size();
    read_into(key, node, key.slot(place));
    if (key.also && mistakes_.size() == before) read_into(key, node, key.also(place));
  }

  void wrong(const Key& key, const toml::node& node, std::string_view why = {}) {
    std::string found = std::string(key.name) + " is " + shown(node);
    if (!why.empty()) found += ": " + std::string(why);
    add(position_of(node.source()), std::move(found), expectation(key));
  }

  void read_into(const Key& key, const toml::node& node, Slot slot) {
    if (key.kind == Kind::flag) {
      const auto flag = node.value_exact<bool>();
      if (!flag) return wrong(key, node);
      *std::get<bool*>(slot) = *flag;
    } else if (takes_list(key.kind)) {
      read_list(key, node, slot);
    } else {
      read_single(key, node, slot);
    }
  }

  void read_single(const Key& key, const toml::node& node, Slot slot) {
    std::expected<void, std::string> taken;
    if (const auto text = node.value_exact<std::string_view>()) {
      taken = take_text(key, *text, slot);
    } else if (const auto number = node.value_exact<int64_t>()) {
      taken = take_number(key, *number, slot);
    } else {
      return wrong(key, node);
    }
    if (!taken) wrong(key, node, taken.error());
  }

  void read_list(const Key& key, const toml::node& node, Slot slot) {
    clear(slot);
    if (const auto* list = node.as_array()) {
      if (list->empty() && key.required) wrong(key, node, "it is empty");
      for (const auto& element : *list) read_single(key, element, slot);
    } else if (key.kind == Kind::endpoints) {
      read_single(key, node, slot);
    } else {
      wrong(key, node);
    }
    tidy(slot);
  }

  const std::string& file_;
  Config config_;
  std::vector<ListenerConfig> listeners_;
  Sources sources_;
  std::vector<Mistake> mistakes_;
};

std::unexpected<std::vector<Mistake>> unreadable(const std::string& file, std::string why) {
  return std::unexpected(std::vector<Mistake>{{file, {}, "cannot be read: " + std::move(why), "", ""}});
}

}  // namespace

std::expected<Config, std::vector<Mistake>> read(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    Mistake mistake{file, position_of(error.source()), std::string(error.description()), "TOML", ""};
    return std::unexpected(std::vector{std::move(mistake)});
  }
  return Reader(file).read(parsed.table());
}

std::expected<Config, std::vector<Mistake>> read_file(const std::string& file) {
  const auto close_it = [](const int* fd) { ::close(*fd); };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unreadable(file, std::strerror(errno));
  const std::unique_ptr<const int, decltype(close_it)> closer(&fd, close_it);
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(file, std::strerror(errno));
    if (got == 0) return read(text, file);
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > kLargestFile) return unreadable(file, "it is larger than 4 MiB");
  }
}

std::string toml_library() {
  const auto part = [](int number) { return '.' + std::to_string(number); };
  return "toml++ " + std::to_string(TOML_LIB_MAJOR) + part(TOML_LIB_MINOR) + part(TOML_LIB_PATCH);
}

}  // namespace weir::config
