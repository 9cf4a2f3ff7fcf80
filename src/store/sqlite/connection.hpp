#pragma once
#include <spidergate/store/sql.hpp>

#include <sqlite3.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spidergate::store::sqlite {

struct handle_closer {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};
struct statement_closer {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using handle = std::unique_ptr<sqlite3, handle_closer>;
using statement = std::unique_ptr<sqlite3_stmt, statement_closer>;

/// The SQLite driver. Keeps its statements prepared, for there are few and they come again.
class connection final : public sql::connection {
 public:
  explicit connection(handle db) : db_(std::move(db)) {}

  using sql::connection::exec;
  result<sql::rows> exec(std::string_view text, std::span<const sql::value> parameters) override;
  result<void> exec_script(std::string_view script) override;
  [[nodiscard]] std::string_view last_message() const noexcept override { return message_; }
  result<std::int64_t> foreign_commits() override;
  result<void> announce_change() override { return {}; }
  [[nodiscard]] sql::backend kind() const noexcept override { return sql::backend::sqlite; }
  result<void> bulk_insert(std::string_view table, std::span<const std::string_view> columns,
                           std::span<const sql::value_view> cells) override;

 protected:
  result<void> begin(sql::lock what) override;

 private:
  struct prepared {
    statement it;
    std::vector<int> places;  ///< what SQLite calls $1, $2, …: it numbers them by their first appearance
  };
  /// Statements that insert into one table: for each number of rows in rows_at_once, as they come to be needed.
  static constexpr std::array<std::size_t, 4> rows_at_once = {64, 16, 4, 1};
  using inserters = std::array<statement, rows_at_once.size()>;

  result<statement> prepare(std::string_view text);
  result<const prepared*> find(std::string_view text);
  result<void> bind(const prepared& to, std::span<const sql::value> parameters);
  result<sql::rows> collect(sqlite3_stmt* from);
  result<void> insert_rows(sqlite3_stmt* with, std::span<const sql::value_view> cells);
  error_code failure(int code);
  error_code misuse(std::string_view what);

  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  handle db_;  // before the statements, which must go first
  template <class T>
  using by_text = std::unordered_map<std::string, T, text_hash, std::equal_to<>>;
  by_text<prepared> statements_;
  by_text<inserters> inserters_;  ///< by their common beginning
  std::string message_;
};

}  // namespace spidergate::store::sqlite
