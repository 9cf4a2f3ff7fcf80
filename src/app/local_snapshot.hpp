#pragma once
#include "stored_rows.hpp"

#include <spidergate/vault/envelope.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::app {

/// What a replica that boots without its database starts from.
struct saved_state {
  stored_rows rows;
  std::vector<store::integration_state_record> states;
  epoch_ms as_of = 0;  ///< when the database was last known to say so
};

/// A copy of the store's rows in the data directory (snapshot.sealed), so that a replica can boot while its database is
/// away (spec 18). Sealed with AES-256-GCM under a key derived from the master key; format, master key and database are
/// bound to it, so another one's file is refused. One thread at a time; blocks on the disk.
class local_snapshot {
 public:
  static constexpr std::size_t default_max_bytes = 256U << 20U;

  /// `database` tells databases apart; a file that was made for another one is not read.
  local_snapshot(std::string path, vault::key_ring keys, std::string_view database, crypto::random_source& random,
                 std::size_t max_bytes = default_max_bytes);

  /// Replaces the file as a whole, durably, with mode 0600. An error leaves the old one; it is a sentence for the log.
  [[nodiscard]] boost::system::result<void, std::string> write(const stored_rows& rows,
                                                               std::span<const store::integration_state_record> states,
                                                               epoch_ms as_of);
  /// What was written last, or a sentence for a person: there is none, it is damaged, of another version, another
  /// database or another master key (previous ones open it too). Changes nothing.
  [[nodiscard]] boost::system::result<saved_state, std::string> read() const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  vault::key_ring keys_;
  std::string database_id_;
  crypto::random_source& random_;
  std::size_t max_bytes_;
};

}  // namespace spidergate::app
