// Finds mistakes that no single value shows: values that conflict.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/mistake.h"

namespace weir::config {

/// Where the parts of a [[listener]] are in the file.
struct ListenerSource {
  Position at;
  /// One position for each address that was read.
  std::vector<Position> addresses;
  std::optional<Position> private_at;
};
struct Sources {
  /// Where `[tunnel] serve` is, if the file has it.
  std::optional<Position> serve;
  /// One element for each [[listener]] in the file; empty if the default listener is used.
  std::vector<ListenerSource> listeners;
};

using AddMistake = std::function<void(Position at, std::string found, std::string expected)>;
void check(const Config& config, const Sources& sources, const AddMistake& add);

}  // namespace weir::config
