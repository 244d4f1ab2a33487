// The file with the authority's private key.
#pragma once
#include <expected>
#include <string>

#include "intercept/authority.h"

namespace weir::intercept {

/// Reads a private key in PEM, without a passphrase. It is refused if anybody but the process's
/// user and root can read or change the file, with a sentence that says how to mend that.
std::expected<PrivateKeyPtr, std::string> read_key_file(const std::string& path);
/// The key in PEM; empty if OpenSSL fails. Only for the key's own file: it goes nowhere else.
std::string pem_of(EVP_PKEY* key);

}  // namespace weir::intercept
