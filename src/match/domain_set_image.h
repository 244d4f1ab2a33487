// Images of domain sets as files.
#pragma once
#include <memory>
#include <string>

#include "base/error.h"
#include "match/domain_set.h"
#include "match/domain_set_builder.h"

namespace weir::match {

/// Writes an image to `path` with the suffix ".new", syncs it and renames it to `path`, so that a
/// reader finds the old image or the new one, whole. The file's mode is 0600, since the key is in
/// it. On failure the old image stays. One writer per path at a time. Waits for the disk.
base::Result<void> write_domain_set(const std::string& path, DomainSetBuilder&& names,
                                    const SourceDigest& digest);

/// A set in a file, mapped read-only. The file may be replaced or removed meanwhile, as
/// write_domain_set does; it must not be shortened in place, since reading it then ends the
/// process.
class DomainSetFile {
 public:
  /// Fails where DomainSet::over does, and if `path` is no ordinary file. Takes no time that
  /// depends on the size, and does not check the checksum.
  static base::Result<std::unique_ptr<const DomainSetFile>> open(const std::string& path);
  DomainSetFile(const DomainSetFile&) = delete;

  const DomainSet& set() const { return *set_; }
  /// Reads the whole file, so call it off the workers. The memory that this took is given back,
  /// except for what look-ups of hosts that are in no set need.
  bool checksum_holds() const;

 private:
  class Mapping {
   public:
    Mapping(void* address, size_t size) : bytes_(static_cast<std::byte*>(address), size) {}
    Mapping(const Mapping&) = delete;
    ~Mapping();
    std::span<std::byte> bytes() const { return bytes_; }

   private:
    const std::span<std::byte> bytes_;
  };

  explicit DomainSetFile(std::unique_ptr<const Mapping> mapping) : mapping_(std::move(mapping)) {}

  const std::unique_ptr<const Mapping> mapping_;
  std::unique_ptr<const DomainSet> set_;
};

}  // namespace weir::match
