#pragma once
#include "columns.hpp"

#include <spidergate/core/result.hpp>
#include <spidergate/store/sql.hpp>

#include <cstddef>

namespace spidergate::ledger::receipts {

/// insert_batch() for PostgreSQL, see ledger.hpp: one COPY and one statement, however large the batch.
result<std::size_t> insert_in_bulk(sql::connection& on, const table_rows& batch);

}  // namespace spidergate::ledger::receipts
