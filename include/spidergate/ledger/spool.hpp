#pragma once
#include <spidergate/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace spidergate::ledger {

/// One worker's write-ahead spool: receipts are appended before the last byte of their answer is sent, and stay until
/// they are in the database.
///
/// A segment is a file of fixed size, its blocks allocated beforehand (so writing cannot fail for want of space) and
/// mapped shared: appending is a memcpy and a release store of the committed length, without a system call, and the
/// kernel keeps the bytes when the process is killed. (A power failure may lose the last seconds; nothing is fsynced on
/// the request path.) Records carry a length and a CRC-32; readers stop at the committed length.
///
/// The files and their locks, by which any number of processes share a directory, are described in
/// src/ledger/segment.hpp. A new process never appends to an earlier one's files.
///
/// append() belongs to one thread, the loader's functions to another; the two meet in atomics only.
class spool_writer {
 public:
  /// `directory` must exist. `max_bytes` bounds all segments of this writer together.
  /// Throws std::runtime_error when the first segments cannot be made.
  spool_writer(std::string directory, std::size_t worker, std::size_t segment_bytes, std::size_t max_bytes);
  /// Deletes what is loaded; the rest waits for the next process (or for the loader, when that lives on).
  ~spool_writer();
  spool_writer(const spool_writer&) = delete;
  spool_writer& operator=(const spool_writer&) = delete;

  /// Appends one record. Fails (no_buffer_space or the file system's error) when a new segment is needed and cannot be
  /// had: then the request that would produce a receipt must be refused before it starts, see has_room().
  [[nodiscard]] result<void> append(std::string_view record) noexcept;
  /// True while at least a spare segment's worth of room is left or allocatable: checked before a request is let in.
  /// Cheap.
  [[nodiscard]] bool has_room() const noexcept;

  /// Bytes not loaded yet. Any thread.
  [[nodiscard]] std::size_t pending_bytes() const noexcept;

 private:
  friend class loader;
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace spidergate::ledger
