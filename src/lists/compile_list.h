// Compiles the sources of a list.
#pragma once
#include <expected>
#include <string>

#include "lists/config.h"
#include "lists/copies.h"
#include "lists/source_file.h"
#include "match/list_builder.h"
#include "match/list_image.h"

namespace weir::lists {

/// Of the names of the sources and the own lines.
match::SourceDigest digest_of_sources(const ListConfig& config);
/// Of the sources as they are on the disk now. The error names what can't be looked at.
std::expected<match::SourceDigest, std::string> digest_of_contents(const ListConfig& config,
                                                                   const Copies& copies);

/// Reads all sources into `builder`, URLs as far as there are copies, and returns the digests of
/// what was read. The error is a sentence that names the source.
std::expected<match::ListDigests, std::string> read_sources(const ListConfig& config,
                                                            const Copies& copies,
                                                            match::ListBuilder& builder);

}  // namespace weir::lists
