#pragma once
#include <spidergate/ledger/ledger.hpp>
#include <spidergate/limits/limiter.hpp>
#include <spidergate/store/database.hpp>

#include <atomic>
#include <cstdint>

namespace spidergate::app {

/// What was spent, from the ledger's rollups; what this process has still in its spool is loaded first.
class ledger_spending final : public limits::spending_record {
 public:
  ledger_spending(ledger::loader& receipts, store::database& rollups) : receipts_(receipts), rollups_(rollups) {}
  awaitable<result<money>> spent(runtime::worker& home, limits::level of, std::string owner_id, epoch_ms since,
                                 steady_time deadline) override;

  struct figures {
    std::atomic<std::int64_t> rebuilt{0};  ///< budgets told from the ledger
    std::atomic<std::int64_t> failed{0};   ///< the ledger could not be asked in time
  };
  [[nodiscard]] const figures& counted() const noexcept { return counted_; }

 private:
  ledger::loader& receipts_;
  store::database& rollups_;
  figures counted_;
};

}  // namespace spidergate::app
