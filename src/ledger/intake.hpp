#pragma once
#include <spidergate/ledger/ledger.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::ledger {

/// Takes spooled records into the database, over a connection that it opens again after a failure. Loader's thread.
class intake {
 public:
  intake(std::string directory, store::database::opener open, loader::counters& figures)
      : directory_(std::move(directory)), open_(std::move(open)), figures_(figures) {}

  /// True when none of the records is needed any more: it is in the database, or can never be (and lies in the file
  /// "rejected" beside the spool).
  [[nodiscard]] bool take(std::span<const std::string_view> records);
  /// Deletes a bounded number of receipts older than `before`; true when there may be more.
  [[nodiscard]] bool remove_older(epoch_ms before);
  /// Why the last take() failed.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  [[nodiscard]] bool connect();
  void decode(std::span<const std::string_view> records);
  [[nodiscard]] result<std::size_t> insert(std::span<const receipts::entry> batch);
  [[nodiscard]] bool take_one_by_one();
  void reject(std::string_view record);
  [[nodiscard]] bool fail(error_code why);

  const std::string directory_;
  const store::database::opener open_;
  loader::counters& figures_;
  std::unique_ptr<sql::connection> on_;
  std::vector<receipts::entry> batch_;
  std::vector<std::string_view> unreadable_;  ///< of the records at hand
  std::string trouble_;
};

}  // namespace spidergate::ledger
