// The pages that people see.
#pragma once
#include <memory>
#include <string>

#include "stages/errors/pages.h"

namespace weir::errors {

struct Config {
  /// The folder of the owner's pages; empty: all pages are Weir's own.
  std::string folder;
  /// Whom to ask about a denial; may be empty.
  std::string contact;
  /// What was in the folder when the configuration was read; null if there is none.
  std::shared_ptr<const Templates> templates;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::errors
