#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/ledger/spool.hpp>
#include <spidergate/model/receipt.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/store/database.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::ledger {

/// Receipts as the database holds them.
namespace receipts {

/// A receipt in its stored form, with what decode_columns() reads of it.
struct entry {
  model::receipt_columns columns;
  std::string_view stored;
};
/// Inserts those whose request_id is not there yet, in one transaction; returns how many were new. Also keeps the
/// per-hour rollups in step.
result<std::size_t> insert_batch(sql::connection& on, std::span<const entry> batch);
result<std::optional<model::receipt>> find(sql::connection& on, std::string_view request_id);

struct search {
  std::string brand_id, client_id, token_id;  ///< empty: any
  std::string model, provider,
      status;  ///< empty: any. list: `model` is the one that served or the one asked for; usage: that served
  epoch_ms since = 0, until = 0;  ///< from `since` on, before `until`; until 0: no end
  std::string cursor;             ///< of the previous page; empty: newest first page
  std::size_t limit = 50;         ///< 1-500
};
struct page {
  std::vector<model::receipt> items;
  std::string next_cursor;
};
/// Newest first. errc::bad_cursor when the cursor is not one of ours.
result<page> list(sql::connection& on, const search& by);

enum class group : std::uint8_t { none, model, provider, client, token, brand, alias, day, hour };
struct usage_row {
  std::string key;  ///< the group's value; days and hours as ISO 8601
  std::int64_t requests = 0, errors = 0, prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0,
               reasoning_tokens = 0;
  money cost;
};
/// By key. Whole hours come from the rollups, which outlive the receipts; only what sticks out of whole hours is
/// counted from receipts. group::none gives exactly one row. A receipt counts as an error when its status is "error",
/// "refused" or "stream_failed".
result<std::vector<usage_row>> usage(sql::connection& on, group by, const search& filter);

/// Deletes receipts older than `before`, at most `max_rows`; returns how many. On PostgreSQL it drops the partitions of
/// whole days that are older instead, one a call, and returns how many it dropped. Rollups stay.
result<std::size_t> remove_older(sql::connection& on, epoch_ms before, std::size_t max_rows);

/// What one token, client or brand has spent from `since` (a whole hour) on, from the rollups. `owner_column` is
/// "token_id", "client_id" or "brand_id".
result<money> spent(sql::connection& on, std::string_view owner_column, std::string_view owner_id, epoch_ms since);

}  // namespace receipts

/// Moves receipts from the spools into the database: a thread of its own, of lower priority than the workers, batches
/// by time (100 ms) or size (500 receipts) with rests between them, idempotent by request id. Segments that an earlier
/// process left behind are loaded first; those of processes that live are locked (see src/ledger/segment.hpp) and left
/// alone, so several processes may share a directory. Segments with damage in them are kept as "….damaged". While the
/// database fails it keeps trying with back-off; the spool grows to its bound meanwhile.
class loader {
 public:
  struct counters {
    std::atomic<std::uint64_t> loaded{0}, duplicates{0}, failed_batches{0}, corrupt_records{0};
  };

  /// `directory` is the spools'. Receipts older than `retention` are deleted, a bounded batch at a time; 0 keeps them
  /// for ever. The database need not be there yet.
  loader(std::string directory, store::database::opener open, std::chrono::milliseconds retention,
         const runtime::clock& time = runtime::system_clock());
  /// Loads what is left, within about two seconds, and stops. What it cannot load stays in the spool.
  ~loader();
  loader(const loader&) = delete;
  loader& operator=(const loader&) = delete;

  /// Spools to read from; call before traffic begins.
  void attach(spool_writer& spool);
  /// Loads everything that was appended before the call. True when it is in the database; false at once when thousands
  /// have asked since the database went away. Blocking; any thread but an io thread.
  [[nodiscard]] bool flush(std::chrono::milliseconds within);
  /// The same for a coroutine.
  awaitable<bool> flush(runtime::worker& home, steady_time deadline);
  [[nodiscard]] const counters& figures() const noexcept;
  /// True while the last batch went through.
  [[nodiscard]] bool healthy() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::ledger
