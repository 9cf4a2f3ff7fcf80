#pragma once
#include "columns.hpp"

#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/store/sql.hpp>

/// PostgreSQL only: the table of receipts is partitioned by UTC day (migrations/0002_tenancy.sql), so that old days are
/// dropped as a whole.
namespace spidergate::ledger::receipts {

/// Makes the days of the batch that are not there yet. Outside of a transaction; safe against others that do the same.
result<void> make_days(sql::connection& on, const table_rows& batch);
/// Drops the oldest day if it has ended before `before`; whether there was one.
result<bool> drop_oldest_day(sql::connection& on, epoch_ms before);

}  // namespace spidergate::ledger::receipts
