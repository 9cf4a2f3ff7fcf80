#pragma once
#include <spidergate/core/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The spool's files. A segment is a header, then records one after the other, each of them
///
///     u32 length | u32 CRC-32 of the bytes | the bytes | zero to seven bytes up to a multiple of eight
///
/// in the machine's byte order. The header's `committed` is the end of the last whole record: it is stored after the
/// record's bytes, so whoever reads no further never sees half a record, be it in this process, or in the next one
/// after a kill.
///
/// Whoever uses a segment holds an flock on it: the kernel gives it back when the process ends, however that happens,
/// so a loader can tell the segments of the dead (which it may load and delete) from those of the living, in any number
/// of processes on one directory.
namespace spidergate::ledger {

struct segment_header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t segment_bytes;
  std::uint64_t committed;
  char reserved[32];
};
static_assert(sizeof(segment_header) == 64);

inline constexpr std::string_view segment_magic{"SGSPOOL\n", 8};
inline constexpr std::uint32_t segment_version = 1;
inline constexpr std::string_view segment_suffix = ".segment";
/// A segment in the making: it gets its real name once it is whole and locked.
inline constexpr std::string_view unfinished_suffix = ".segment-new";

[[nodiscard]] constexpr std::size_t space_of(std::size_t record_bytes) noexcept {
  return (8 + record_bytes + 7) / 8 * 8;
}

struct found_record {
  enum class kind : std::uint8_t {
    whole,    ///< `bytes` is a record
    damaged,  ///< its checksum is wrong; the next one may be good
    broken,   ///< its length is impossible: nothing after it can be found
    end,      ///< no more
  };
  kind what = kind::end;
  std::string_view bytes;
  std::size_t next = 0;  ///< where the next one begins
};
/// The record at `offset` of a segment of which `committed` bytes are to be read.
[[nodiscard]] found_record read_record(std::string_view committed, std::size_t offset) noexcept;

/// How far a segment's content can be trusted: header checked, `committed` cut to what is there. 0: not a segment of
/// ours.
[[nodiscard]] std::size_t readable_bytes(std::string_view file) noexcept;

/// A segment that this process writes: allocated on disk, mapped and locked.
class segment {
 public:
  segment() = default;
  ~segment() { close(false); }
  segment(segment&& other) noexcept { *this = std::move(other); }
  segment& operator=(segment&& other) noexcept;

  /// Makes a file of `bytes` bytes; its first pages are touched, so that the first appends find them.
  [[nodiscard]] static result<segment> create(const std::string& directory, std::size_t worker, std::size_t bytes);

  [[nodiscard]] bool fits(std::size_t record_bytes) const noexcept { return end_ + space_of(record_bytes) <= bytes_; }
  /// Writer's thread; it must fit.
  void append(std::string_view record) noexcept;
  /// Loader's thread, also while the writer appends: touches the other pages, once, so that no append waits for one.
  void touch_rest() noexcept;
  /// Forgets the records; nobody else may be using them.
  void reset() noexcept;
  /// Any thread: the header and all whole records.
  [[nodiscard]] std::string_view committed() const noexcept;
  /// Unmaps and unlocks; `remove` deletes the file.
  void close(bool remove) noexcept;

 private:
  static result<segment> create_once(const std::string& directory, std::size_t worker, std::size_t bytes);
  [[nodiscard]] std::atomic_ref<std::uint64_t> committed_end() const noexcept {
    return std::atomic_ref(reinterpret_cast<segment_header*>(data_)->committed);
  }

  std::string path_;
  int file_ = -1;
  char* data_ = nullptr;
  std::size_t bytes_ = 0;
  bool touched_ = false;  ///< all pages
  std::size_t end_ = 0;   ///< the writer's own copy of `committed`
};

}  // namespace spidergate::ledger
