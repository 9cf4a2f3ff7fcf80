#include "segment.hpp"

#include <spidergate/core/last_system_error.hpp>
#include <spidergate/crypto/digest.hpp>

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace spidergate::ledger {

namespace {

/// Of a new segment: what a busy worker fills before the loader comes by.
constexpr std::size_t touched_at_first = 64U << 10U;

std::uint32_t load32(std::string_view from, std::size_t at) noexcept {
  std::uint32_t n = 0;
  std::memcpy(&n, from.data() + at, sizeof n);
  return n;
}

/// New for each segment, so that no process ever meets a file of an earlier one under a name of its own.
std::string new_path(const std::string& directory, std::size_t worker) {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t part = random();
    id.append(reinterpret_cast<const char*>(&part), sizeof part);
  }
  return directory + "/worker-" + std::to_string(worker) + '-' + crypto::to_hex(id);
}

void write_header(char* data, std::size_t bytes) {
  segment_header header{};
  std::memcpy(header.magic, segment_magic.data(), segment_magic.size());
  header.version = segment_version;
  header.header_bytes = sizeof header;
  header.segment_bytes = bytes;
  header.committed = sizeof header;
  std::memcpy(data, &header, sizeof header);
}

}  // namespace

found_record read_record(std::string_view committed, std::size_t offset) noexcept {
  using kind = found_record::kind;
  if (offset >= committed.size()) return {};
  const auto rest = committed.size() - offset;
  if (rest < 8) return {kind::broken, {}, committed.size()};
  const std::size_t length = load32(committed, offset);
  // Zeros, as a power failure leaves them, must not pass for empty records: the CRC of nothing is zero too.
  if (length == 0 || length > rest - 8 || space_of(length) > rest) return {kind::broken, {}, committed.size()};
  const auto bytes = committed.substr(offset + 8, length);
  const bool good = crypto::crc32(bytes) == load32(committed, offset + 4);
  return {good ? kind::whole : kind::damaged, bytes, offset + space_of(length)};
}

std::size_t readable_bytes(std::string_view file) noexcept {
  segment_header header{};
  if (file.size() < sizeof header) return 0;
  std::memcpy(&header, file.data(), sizeof header);
  const bool ours = std::string_view(header.magic, sizeof header.magic) == segment_magic &&
                    header.version == segment_version && header.header_bytes == sizeof header &&
                    header.committed >= sizeof header && header.committed <= header.segment_bytes;
  return ours ? std::min<std::size_t>(header.committed, file.size()) : 0;
}

segment& segment::operator=(segment&& other) noexcept {
  if (this == &other) return *this;
  close(false);
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = other.bytes_;
  touched_ = other.touched_;
  end_ = other.end_;
  return *this;
}

result<segment> segment::create(const std::string& directory, std::size_t worker, std::size_t bytes) {
  // A loader that looks for abandoned files may take a new one for such, before it is locked, and lock and remove it.
  constexpr int attempts = 10;
  for (int attempt = 1;; ++attempt) {
    auto made = create_once(directory, worker, bytes);
    const bool taken = !made && (made.error() == boost::system::errc::resource_unavailable_try_again ||
                                 made.error() == boost::system::errc::no_such_file_or_directory);
    if (!taken || attempt == attempts) return made;
  }
}

result<segment> segment::create_once(const std::string& directory, std::size_t worker, std::size_t bytes) {
  segment made;
  const auto name = new_path(directory, worker);
  made.path_ = name + std::string(unfinished_suffix);
  made.bytes_ = bytes;
  made.file_ = ::open(made.path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made.file_ < 0) return last_system_error();
  const auto give_up = [&made](error_code why) -> result<segment> {
    made.close(true);
    return why;
  };
  if (::flock(made.file_, LOCK_EX | LOCK_NB) != 0) return give_up(last_system_error());
  if (const int failure = ::posix_fallocate(made.file_, 0, static_cast<off_t>(bytes)); failure != 0) {
    return give_up({failure, boost::system::system_category()});
  }
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, made.file_, 0);
  if (at == MAP_FAILED) return give_up(last_system_error());
  made.data_ = static_cast<char*>(at);
  std::memset(made.data_, 0, std::min(bytes, touched_at_first));
  write_header(made.data_, bytes);
  made.end_ = sizeof(segment_header);
  const auto path = name + std::string(segment_suffix);
  if (::rename(made.path_.c_str(), path.c_str()) != 0) return give_up(last_system_error());
  made.path_ = path;
  return made;
}

void segment::touch_rest() noexcept {
  if (std::exchange(touched_, true)) return;
  // Changes no byte. A kernel before Linux 5.14 does not know it, and gives the pages when they are written to.
  (void)::madvise(data_, bytes_, MADV_POPULATE_WRITE);
}

void segment::append(std::string_view record) noexcept {
  char* const at = data_ + end_;
  const auto length = static_cast<std::uint32_t>(record.size());
  const auto checksum = crypto::crc32(record);
  std::memcpy(at, &length, sizeof length);
  std::memcpy(at + 4, &checksum, sizeof checksum);
  std::memcpy(at + 8, record.data(), record.size());
  end_ += space_of(record.size());
  committed_end().store(end_, std::memory_order_release);
}

void segment::reset() noexcept {
  end_ = sizeof(segment_header);
  committed_end().store(end_, std::memory_order_release);
}

std::string_view segment::committed() const noexcept {
  return {data_, static_cast<std::size_t>(committed_end().load(std::memory_order_acquire))};
}

void segment::close(bool remove) noexcept {
  if (data_) ::munmap(std::exchange(data_, nullptr), bytes_);
  if (file_ < 0) return;
  if (remove) ::unlink(path_.c_str());
  ::close(std::exchange(file_, -1));
}

}  // namespace spidergate::ledger
