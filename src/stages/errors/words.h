// What people are told about errors, whatever a page looks like.
#pragma once
#include <string_view>

#include "base/error.h"

namespace weir::errors {

/// What happened, in a person's words.
std::string_view headline_of(const base::Error& error);
/// What the person who reads it can do; empty where the remedy or the headline says it all.
std::string_view advice_of(const base::Error& error);

}  // namespace weir::errors
