#pragma once
#include "libpq.hpp"
#include "watchdog.hpp"

#include <spidergate/store/database.hpp>
#include <spidergate/store/errc.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace spidergate::store::postgresql {

/// Where the server is, checked and in the form that libpq reads.
struct address {
  secret_string connect_string;  ///< key = 'value' ...
  secret_string password;        ///< to keep it out of messages
};
[[nodiscard]] boost::system::result<address, std::string> address_of(const libpq& pq,
                                                                     const postgresql_options& options);

/// The PostgreSQL driver, see store::open_postgresql. Every exchange with the server goes through perform(), which
/// watches the time and gives failures their meaning; exchange() connects before.
class connection final : public sql::connection {
 public:
  connection(const libpq& pq, address where, std::chrono::milliseconds statement_timeout);
  ~connection() override;

  using sql::connection::exec;
  result<sql::rows> exec(std::string_view statement, std::span<const sql::value> parameters) override;
  result<void> exec_script(std::string_view script) override;
  [[nodiscard]] std::string_view last_message() const noexcept override { return message_; }
  result<std::int64_t> foreign_commits() override;
  result<void> announce_change() override;
  [[nodiscard]] sql::backend kind() const noexcept override { return sql::backend::postgresql; }
  result<void> bulk_insert(std::string_view table, std::span<const std::string_view> columns,
                           std::span<const sql::value_view> cells) override;

 protected:
  result<void> begin(sql::lock what) override;
  result<void> commit() override;
  void roll_back() noexcept override;

 private:
  struct session;
  /// Of the server's transaction that sql::transaction holds.
  enum class scope : std::uint8_t {
    none,
    open,
    failed,  ///< a statement was refused: nothing but the end of the innermost savepoint is taken
    lost,    ///< with its connection; what follows must not reach another one, outside of any transaction
  };
  /// Asks the server; a null answer says that the connection is of no use any more.
  using work = std::function<answer(PGconn*)>;

  result<answer> exchange(const work& what);
  result<answer> perform(const work& what);
  result<void> ready();
  result<void> connect();
  result<void> listen();
  void lose();
  error_code failure(errc what, std::string_view message);

  const libpq& pq_;
  const address where_;
  const std::chrono::milliseconds statement_timeout_;
  const std::shared_ptr<watchdog> deadlines_ = watchdog::shared();
  std::chrono::milliseconds patience_;  ///< for the next statement
  scope scope_ = scope::none;
  std::string message_;

  steady_time next_attempt_{};
  std::chrono::milliseconds back_off_{0};
  std::minstd_rand random_{std::random_device{}()};

  std::int64_t commits_ = 0;  ///< what foreign_commits() returns
  steady_time next_doubt_{};
  std::unique_ptr<session> session_;  ///< null: not connected
};

}  // namespace spidergate::store::postgresql
