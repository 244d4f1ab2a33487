// Texts for people, made from the descriptions of the keys.
#pragma once
#include <string>

namespace weir::config {

/// A configuration file that has the same effect as none, with a comment for each key.
std::string commented_defaults();
/// The text of docs/guide/configuration.md.
std::string reference();

}  // namespace weir::config
