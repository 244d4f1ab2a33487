// What is made from the descriptions of the keys, for people.
#pragma once
#include <string>

namespace weir::config {

/// A configuration file that says what is so without one, with a comment for each key.
std::string commented_defaults();
/// docs/guide/configuration.md.
std::string reference();

}  // namespace weir::config
