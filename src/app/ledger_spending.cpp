#include "ledger_spending.hpp"

#include <boost/asio/error.hpp>

namespace spidergate::app {

namespace {

std::string_view column_of(limits::level owner) noexcept {
  switch (owner) {
    case limits::level::token:
      return "token_id";
    case limits::level::client:
      return "client_id";
    case limits::level::brand:
      return "brand_id";
  }
  return "brand_id";
}

}  // namespace

awaitable<result<money>> ledger_spending::spent(runtime::worker& home, limits::level of, std::string owner_id,
                                                epoch_ms since, steady_time deadline) {
  if (!co_await receipts_.flush(home, deadline)) {
    ++counted_.failed;
    co_return make_error_code(asio::error::timed_out);
  }
  auto sum = co_await rollups_.read(
      home,
      [column = column_of(of), owner = std::move(owner_id), since](sql::connection& on) {
        return ledger::receipts::spent(on, column, owner, since);
      },
      deadline);
  ++(sum ? counted_.rebuilt : counted_.failed);
  co_return sum;
}

}  // namespace spidergate::app
