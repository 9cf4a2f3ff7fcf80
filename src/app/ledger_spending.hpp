#pragma once
#include <spidergate/ledger/ledger.hpp>
#include <spidergate/limits/limiter.hpp>
#include <spidergate/store/database.hpp>

namespace spidergate::app {

/// What was spent, from the ledger's rollups; what this process has still in its spool is loaded first.
class ledger_spending final : public limits::spending_record {
 public:
  ledger_spending(ledger::loader& receipts, store::database& rollups) : receipts_(receipts), rollups_(rollups) {}
  awaitable<result<money>> spent(runtime::worker& home, limits::level of, std::string owner_id, epoch_ms since,
                                 steady_time deadline) override;

 private:
  ledger::loader& receipts_;
  store::database& rollups_;
};

}  // namespace spidergate::app
