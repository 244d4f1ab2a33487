#include "config/node.h"

#include "config/value.h"

namespace weir::config {

namespace {

class NodeReader {
 public:
  NodeReader(const Key& key, uint32_t file, const Slot& slot, Mistakes& mistakes)
      : key_(key), file_(file), slot_(slot), mistakes_(mistakes) {}

  ValueSource read(const toml::node& node) {
    source_.at = place_of(node.source(), file_);
    if (key_.kind == Kind::flag) {
      read_flag(node);
    } else if (key_.is_list) {
      read_list(node);
    } else {
      read_single(node);
    }
    return std::move(source_);
  }

 private:
  void wrong(const toml::node& node, std::string_view why = {}) {
    std::string found = std::string(key_.name) + " is " + shown(node);
    if (!why.empty()) found += ": " + std::string(why);
    mistakes_.add(place_of(node.source(), file_), std::move(found), expectation(key_));
  }

  void read_flag(const toml::node& node) {
    const auto flag = node.value_exact<bool>();
    if (!flag) return wrong(node);
    if (auto* const* const optional = std::get_if<std::optional<bool>*>(&slot_)) {
      **optional = *flag;
    } else {
      *std::get<bool*>(slot_) = *flag;
    }
  }

  bool read_single(const toml::node& node) {
    Taken taken = std::unexpected(std::string());
    if (const auto text = node.value_exact<std::string_view>()) {
      taken = take_text(key_, *text, slot_);
    } else if (const auto number = node.value_exact<int64_t>()) {
      taken = take_number(key_, *number, slot_);
    }
    if (!taken) wrong(node, taken.error());
    return taken.has_value();
  }

  void read_element(const toml::node& node) {
    if (read_single(node)) source_.elements.push_back(place_of(node.source(), file_));
  }

  void read_list(const toml::node& node) {
    clear(slot_);
    if (const auto* list = node.as_array()) {
      source_.is_empty_list = list->empty();
      if (list->empty() && key_.required) wrong(node, "it is empty");
      for (const auto& element : *list) read_element(element);
    } else if (key_.kind == Kind::endpoints) {
      read_element(node);
    } else {
      wrong(node);
    }
    tidy(slot_);
  }

  const Key& key_;
  const uint32_t file_;
  const Slot& slot_;
  Mistakes& mistakes_;
  ValueSource source_;
};

}  // namespace

Place place_of(const toml::source_region& region, uint32_t file) {
  return {file,
          {static_cast<uint32_t>(region.begin.line), static_cast<uint32_t>(region.begin.column)}};
}

std::string shown(const toml::node& node) {
  if (const auto text = node.value_exact<std::string_view>()) return in_quotes(*text);
  if (const auto number = node.value_exact<int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  if (node.is_floating_point()) return "a number with a point";
  return "a date or time";
}

ValueSource read_node(const Key& key, const toml::node& node, uint32_t file, const Slot& slot,
                      Mistakes& mistakes) {
  return NodeReader(key, file, slot, mistakes).read(node);
}

}  // namespace weir::config
