// Keys of the configuration file: [intercept], as far as it says what is opened.
#pragma once
#include <span>

#include "base/setting.h"
#include "policy/opening_config.h"

namespace weir::policy {

std::span<const base::Setting<OpeningConfig>> opening_keys();

/// `tunnel`, `deny`; the error is empty: it is another word.
base::Taken take_on_reject(OnReject& to, std::string_view text);
/// Empty for OnReject::unset.
std::string_view name_of(OnReject on_reject);

}  // namespace weir::policy
