#include "match/country_file.h"

#include <fcntl.h>
#include <maxminddb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <utility>

namespace weir::match {
namespace {

std::unexpected<base::Error> wrong(std::string what) {
  return base::fail(base::ErrorType::proxy_configuration_error, std::move(what));
}
std::unexpected<base::Error> unreadable() {
  return wrong(std::string("it cannot be read: ") + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

bool write_all(int file, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(file, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

/// A copy of the file that has no name and that nobody else can write to.
base::Result<Descriptor> copy_of(const std::string& path) {
  // O_NONBLOCK, in case it is a FIFO.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return unreadable();
  if (!S_ISREG(status.st_mode)) return wrong("it is no ordinary file");
  Descriptor copy(memfd_create("weir-countries", MFD_CLOEXEC));
  if (copy.get() < 0) return unreadable();
  std::vector<char> buffer(size_t{64} * 1024);
  for (size_t total = 0;;) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable();
    if (got == 0) return copy;
    total += static_cast<size_t>(got);
    if (total > CountryFile::kLargest)
      return wrong("it is larger than 128 MiB, and a database of countries is meant");
    if (!write_all(copy.get(), buffer.data(), static_cast<size_t>(got))) return unreadable();
  }
}

std::unexpected<base::Error> damaged(int status) {
  return wrong(std::string("it is damaged: ") + MMDB_strerror(status));
}

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

/// Where databases keep the code: MaxMind's own, and those of many others. An address of which the
/// first is not known, such as a satellite's, has the second.
constexpr const char* kPaths[][3] = {
    {"country", "iso_code", nullptr},
    {"registered_country", "iso_code", nullptr},
    {"country_code", nullptr, nullptr},
};

/// The record's code, if it has one. The error is the library's.
std::expected<std::optional<std::array<char, 2>>, int> code_of(MMDB_entry_s entry) {
  for (const auto& path : kPaths) {
    MMDB_entry_data_s value;
    const int status = MMDB_aget_value(&entry, &value, path);
    if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) continue;
    if (status != MMDB_SUCCESS) return std::unexpected(status);
    if (!value.has_data || value.type != MMDB_DATA_TYPE_UTF8_STRING || value.data_size != 2)
      continue;
    const std::array code{value.utf8_string[0], value.utf8_string[1]};
    if (is_capital(code[0]) && is_capital(code[1])) return code;
  }
  return std::nullopt;
}

/// Networks in which an address is where the IPv4 address in it is. Not so ISATAP: anybody may give
/// a host of his own network such an address, whatever country it says.
bool stands_for_v4(const base::IpAddress& address) {
  static const std::array kNetworks{
      base::Cidr::parse("::/96").value(),           base::Cidr::parse("::ffff:0:0/96").value(),
      base::Cidr::parse("::ffff:0:0:0/96").value(), base::Cidr::parse("64:ff9b::/96").value(),
      base::Cidr::parse("64:ff9b:1::/48").value(),  base::Cidr::parse("2001::/32").value(),
      base::Cidr::parse("2002::/16").value()};
  return std::ranges::any_of(kNetworks, [&](const auto& each) { return each.contains(address); });
}

/// The address whose country is asked for. Databases of MaxMind know 6to4 and mapped addresses too,
/// others don't, and none knows NAT64.
base::IpAddress place_of(const base::IpAddress& address) {
  if (address.is_v4() || !stands_for_v4(address)) return address;
  return base::embedded_v4(address).value_or(address);
}

}  // namespace

struct CountryFile::Database {
  Database() = default;
  Database(const Database&) = delete;
  ~Database() {
    if (is_open) MMDB_close(&mmdb);
  }

  MMDB_s mmdb{};
  bool is_open = false;
};

CountryFile::CountryFile(std::unique_ptr<const Database> database)
    : database_(std::move(database)) {}
CountryFile::~CountryFile() = default;

base::Result<std::unique_ptr<const CountryFile>> CountryFile::open(const std::string& path) {
  TRY(const Descriptor copy, copy_of(path));
  auto database = std::make_unique<Database>();
  // The library opens files by their names alone. Its mapping outlives the descriptor.
  const std::string name = "/proc/self/fd/" + std::to_string(copy.get());
  const int status = MMDB_open(name.c_str(), MMDB_MODE_MMAP, &database->mmdb);
  if (status == MMDB_FILE_OPEN_ERROR) return unreadable();
  if (status != MMDB_SUCCESS)
    return wrong(std::string("it is no MaxMind database, or a part of one: ") +
                 MMDB_strerror(status));
  database->is_open = true;
  // A rule that denies a country would let all its addresses of the other family pass.
  const MMDB_s& mmdb = database->mmdb;
  if (mmdb.metadata.ip_version != 6)
    return wrong("it has no IPv6 addresses, and a database for both is meant");
  if (mmdb.ipv4_start_node.node_value == mmdb.metadata.node_count)
    return wrong("it has no IPv4 addresses, and a database for both is meant");
  std::unique_ptr<CountryFile> made(new CountryFile(std::move(database)));
  CHECK_OK(made->read_records());
  return made;
}

base::Result<void> CountryFile::read_records() {
  const MMDB_s& mmdb = database_->mmdb;
  std::unordered_set<uint32_t> seen;
  for (uint32_t number = 0; number < mmdb.metadata.node_count; ++number) {
    MMDB_search_node_s node;
    if (const int status = MMDB_read_node(&mmdb, number, &node)) return damaged(status);
    for (const auto& [type, entry] : {std::pair(node.left_record_type, node.left_record_entry),
                                      std::pair(node.right_record_type, node.right_record_entry)}) {
      if (type == MMDB_RECORD_TYPE_INVALID) return damaged(MMDB_CORRUPT_SEARCH_TREE_ERROR);
      if (type != MMDB_RECORD_TYPE_DATA || !seen.insert(entry.offset).second) continue;
      if (seen.size() > kMostRecords)
        return wrong(
            "it has more than 200,000 different records, and a database of countries "
            "is meant");
      const auto code = code_of(entry);
      if (!code) return damaged(code.error());
      if (*code) records_.push_back({entry.offset, **code});
    }
  }
  std::ranges::sort(records_, {}, &Record::offset);
  if (records_.empty())
    return wrong("it tells no countries: it is of the type " +
                 std::string(mmdb.metadata.database_type).substr(0, 100));
  return {};
}

std::string_view CountryFile::country(const base::IpAddress& address) const {
  sockaddr_storage asked;
  base::Endpoint{place_of(address), 0}.to_sockaddr(asked);
  int status = MMDB_SUCCESS;
  const MMDB_lookup_result_s found =
      MMDB_lookup_sockaddr(&database_->mmdb, reinterpret_cast<const sockaddr*>(&asked), &status);
  if (status != MMDB_SUCCESS || !found.found_entry) return {};
  const auto record = std::ranges::lower_bound(records_, found.entry.offset, {}, &Record::offset);
  if (record == records_.end() || record->offset != found.entry.offset) return {};
  return {record->code.data(), record->code.size()};
}

}  // namespace weir::match
