// What no single value shows: mistakes between values.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/mistake.h"

namespace weir::config {

/// Where in the file the parts of a [[listener]] stand.
struct ListenerSource {
  Position at;
  /// One for each address that was read.
  std::vector<Position> addresses;
  std::optional<Position> private_at;
};
struct Sources {
  /// `[tunnel] serve`, where the file has it.
  std::optional<Position> serve;
  /// One for each [[listener]] in the file; none where the default is used.
  std::vector<ListenerSource> listeners;
};

using AddMistake = std::function<void(Position at, std::string found, std::string expected)>;
void check(const Config& config, const Sources& sources, const AddMistake& add);

}  // namespace weir::config
