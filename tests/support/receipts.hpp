#pragma once
#include "temporary_directory.hpp"

#include <spidergate/ledger/ledger.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace spidergate::testing {

/// 2026-01-01T12:00:00Z.
inline constexpr epoch_ms noon = 1'767'268'800'000;

inline model::receipt receipt_of(const std::string& id, epoch_ms at = noon) {
  model::receipt r;
  r.request_id = id;
  r.timestamp = at;
  r.brand_id = "brd_1", r.client_id = "cli_1", r.token_id = "tok_1";
  r.endpoint = "chat", r.requested_model = "agent/chat", r.alias = "agent/chat", r.strategy = "alias";
  r.provider = "openai", r.model = "gpt-4o-mini";
  r.latency_ms = 120;
  r.tokens.prompt = 100, r.tokens.cached = 20, r.tokens.completion = 10, r.tokens.reasoning = 3;
  r.cost.nano_usd = 21'000;
  r.status = "ok", r.http_status = 200;
  return r;
}

inline std::string encoded(const model::receipt& r) {
  std::string bytes;
  model::encode(r, bytes);
  return bytes;
}

/// Puts receipts into the database as the loader does.
inline result<std::size_t> insert_batch(sql::connection& on, const std::vector<model::receipt>& batch) {
  std::vector<std::string> stored;
  for (const auto& one : batch) stored.push_back(encoded(one));
  std::vector<ledger::receipts::entry> entries;
  for (const auto& bytes : stored) {
    entries.push_back({.columns = {}, .stored = bytes});
    if (!model::decode_columns(bytes, entries.back().columns)) throw std::logic_error("not a receipt");
  }
  return ledger::receipts::insert_batch(on, entries);
}

/// Where spools lie.
class spool_directory {
 public:
  static constexpr std::size_t segment_bytes = 16'384;

  spool_directory() { std::filesystem::create_directory(spool_path()); }
  [[nodiscard]] std::string spool_path() const { return directory_.file("spool"); }
  [[nodiscard]] std::vector<std::string> files(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(spool_path())) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path().string());
    }
    return found;
  }

 private:
  temporary_directory directory_;
};

}  // namespace spidergate::testing
