#pragma once
#include "segment.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::ledger {

/// A segment whose process is gone, claimed by this one. Read whole into memory, so that a file that changes under us
/// cannot hurt.
class leftover {
 public:
  /// Nothing when its owner lives, or somebody else has claimed or deleted it.
  [[nodiscard]] static std::optional<leftover> claim(const std::string& path);
  ~leftover();
  leftover(leftover&& other) noexcept
      : path_(std::move(other.path_)),
        file_(std::exchange(other.file_, -1)),
        content_(std::move(other.content_)),
        peeked_(other.peeked_),
        kept_(other.kept_),
        damaged_(other.damaged_),
        untold_(other.untold_) {}
  leftover& operator=(leftover&&) = delete;

  /// As spool_segments'.
  void peek(std::vector<std::string_view>& into, std::size_t max, std::uint64_t& damaged);
  void discard() noexcept { kept_ = peeked_; }
  void rewind() noexcept { peeked_ = kept_; }
  [[nodiscard]] bool exhausted() const noexcept { return kept_ >= content_.size(); }
  /// Deletes the file; sets it aside ("….damaged") when some of it could not be read.
  void finish() noexcept;

 private:
  leftover(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_ = -1;
  std::string content_;  ///< the part that can be trusted
  std::size_t peeked_ = sizeof(segment_header);
  std::size_t kept_ = sizeof(segment_header);
  bool damaged_ = false;  ///< some of it could not be read
  bool untold_ = false;   ///< that none of it could be read is still to be counted
};

/// Claims what can be claimed in `directory`, oldest file first; clears away unfinished segments of processes that are
/// gone.
[[nodiscard]] std::deque<leftover> claim_leftovers(const std::string& directory);

}  // namespace spidergate::ledger
