// Texts for people, made from the descriptions of the keys.
#pragma once
#include <string>

#include "config/schema.h"

namespace weir::config {

/// A configuration file that has the same effect as none, with a comment for each key. A table that
/// is not there by default is shown as a comment.
std::string commented_defaults();
/// The same for another schema. `defaults` is its root struct, as the program initialises it;
/// tables that are shown are added to it.
std::string commented_defaults(const Schema& schema, Object defaults);
/// The text of docs/guide/configuration.md.
std::string reference();

}  // namespace weir::config
