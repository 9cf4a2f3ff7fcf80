#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/model/receipt.hpp>
#include <spidergate/store/sql.hpp>

#include <cstddef>
#include <span>

namespace spidergate::ledger::receipts {

/// insert_batch() for PostgreSQL, see ledger.hpp: one COPY and one statement, however large the batch.
result<std::size_t> insert_in_bulk(sql::connection& on, std::span<const model::receipt> batch);

}  // namespace spidergate::ledger::receipts
