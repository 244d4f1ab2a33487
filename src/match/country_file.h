// The countries of addresses, by a database in MaxMind's format (.mmdb).
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"

namespace weir::match {

/// A database that was read into memory, so that nothing that happens to the file later changes it
/// or ends the process: whoever writes into the file, and does not put a new one in its place,
/// would take the pages of a mapping away. Such a file has some 10 MB. Immutable; any thread.
class CountryFile {
 public:
  static constexpr size_t kLargest = size_t{128} * 1024 * 1024;
  /// Of different records. A database of countries has some hundreds, one of cities has millions.
  static constexpr size_t kMostRecords = 200'000;

  /// Reads the file and checks all of it, so that a damaged one is found here and not by an address
  /// that nobody asks about for months. Waits for the disk, and takes tens of milliseconds: not for
  /// a worker's thread. The error says what is wrong: "it cannot be read: ...".
  static base::Result<std::unique_ptr<const CountryFile>> open(const std::string& path);
  CountryFile(const CountryFile&) = delete;
  ~CountryFile();

  /// Two capital letters; empty if the file has no country for the address. An IPv6 address of
  /// which an IPv4 address is the place (IPv4-mapped, NAT64, 6to4, Teredo) is in the country of
  /// that one. The view lives as long as this.
  std::string_view country(const base::IpAddress& address) const;

 private:
  struct Database;
  using Code = std::array<char, 2>;
  /// A record that has a country, by its offset in the file's data.
  struct Record {
    uint32_t offset;
    Code code;
  };

  explicit CountryFile(std::unique_ptr<const Database> database);
  base::Result<void> read_records();

  const std::unique_ptr<const Database> database_;
  std::vector<Record> records_;  // Sorted by offset.
};

}  // namespace weir::match
