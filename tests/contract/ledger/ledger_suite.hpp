#pragma once
#include "receipts.hpp"
#include "store_databases.hpp"

#include <spidergate/ledger/ledger.hpp>

#include <string>

namespace spidergate::ledger {

using testing::encoded;
using testing::noon;
using testing::receipt_of;

/// A spool directory beside a migrated database.
class ledger_suite : public testing::store_suite, protected testing::spool_directory {
 protected:
  [[nodiscard]] std::int64_t number(const std::string& query) { return on->exec(query).value()[0].integer(0); }
  /// How many receipts are in the database.
  [[nodiscard]] std::int64_t count() { return number("SELECT count(*) FROM receipts"); }
  [[nodiscard]] std::int64_t counted_requests() {
    return number("SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT) FROM usage_hourly");
  }
  [[nodiscard]] bool on_postgresql() const { return GetParam() == sql::backend::postgresql; }
};

}  // namespace spidergate::ledger
