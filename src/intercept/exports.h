// The forms in which clients take the authority's certificates. None of them has a key.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "intercept/generations.h"

namespace weir::intercept {

/// In PEM, one after another, each under a comment that names it.
std::string as_pem(const std::vector<Listed>& generations);
/// A PKCS #12 file with certificates alone, without a password; Windows takes it. Empty if OpenSSL
/// fails.
std::string as_p12(const std::vector<Listed>& generations);
/// A profile for Apple's devices. Its identifiers are made from the certificates: a newer profile
/// of the same ones replaces an older one.
std::string as_mobileconfig(const std::vector<Listed>& generations);
/// The system's authorities and Weir's, for programs whose setting replaces the system's. The error
/// is a sentence: the system's can't be read.
std::expected<std::string, std::string> as_bundle(const std::vector<Listed>& generations,
                                                  const std::vector<std::string>& roots);

}  // namespace weir::intercept
