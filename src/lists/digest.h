// Tells whether an image is made from what the configuration and the disk have now.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "match/domain_set_layout.h"

namespace weir::lists {

/// Finds out changes; no protection against somebody who makes two texts of one digest, who would
/// have to be the owner of the lists.
class Digester {
 public:
  void number(uint64_t value);
  /// The texts "a", "b" give another digest than "ab".
  void text(std::string_view text);
  match::SourceDigest digest() const;

 private:
  std::array<uint64_t, 4> lanes_ = {0x9e3779b97f4a7c15, 0xd1b54a32d192ed03, 0xff51afd7ed558ccd,
                                    0xc4ceb9fe1a85ec53};
};

}  // namespace weir::lists
