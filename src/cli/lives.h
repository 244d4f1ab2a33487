// The configurations that `weir init` writes: the files of examples/, byte for byte.
#pragma once
#include <span>
#include <string_view>

namespace weir::cli {

struct Life {
  /// `home`.
  std::string_view name;
  /// The text of examples/home.toml.
  std::string_view file;
};

/// Made by CMake from the files.
std::span<const Life> lives();

}  // namespace weir::cli
