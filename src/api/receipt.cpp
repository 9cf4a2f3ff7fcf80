#include "handlers.hpp"

#include <spidergate/runtime/worker.hpp>

namespace spidergate::api {

namespace {

constexpr std::chrono::seconds store_patience{5};

model::api_error no_such_receipt(std::string_view id) {
  return model::make_error(model::api_errc::not_found,
                           "There is no receipt '" + std::string(id.substr(0, 100)) + "' of yours.");
}

}  // namespace

awaitable<void> show_receipt(request_scope& r) {
  const auto who = co_await welcome(r, std::nullopt);
  if (!who) co_return co_await r.answer_error(who.error());
  const auto deadline = r.with.house.time.steady_now() + store_patience;
  const auto look_up = [id = r.where.id](sql::connection& on) { return ledger::receipts::find(on, id); };
  auto found = co_await r.with.database.read(r.with.home, look_up, deadline);
  if (found && !*found) {
    // A receipt that was filed a moment ago may still stand in the spool.
    (void)co_await r.with.ledger.flush(r.with.home, deadline);
    found = co_await r.with.database.read(r.with.home, look_up, deadline);
  }
  if (!found)
    co_return co_await r.answer_error(model::make_error(
        model::api_errc::store_unavailable, "The ledger cannot be read right now: " + found.error().message()));
  // Somebody else's receipt is answered like none at all.
  if (!*found || (*found)->client_id != (*who)->client_id)
    co_return co_await r.answer_error(no_such_receipt(r.where.id));
  co_await r.answer_json(200, model::full_json(**found));
}

}  // namespace spidergate::api
