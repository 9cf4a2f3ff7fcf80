#include "management_handlers.hpp"

namespace spidergate::api {

awaitable<void> reload_config(management_call& call) {
  if (co_await call.answered_before()) co_return;
  auto& r = call.r;
  constexpr std::chrono::seconds patience{30};
  // Reading files blocks, so a database reader's thread does it.
  auto faults = co_await r.with.database.read(
      r.with.home,
      [&shared = r.with.shared](sql::connection&) -> result<std::vector<std::string>> {
        return shared.reload_config();
      },
      r.with.house.time.steady_now() + patience);
  if (!faults)
    co_return co_await r.answer_error(
        model::make_error(model::api_errc::store_unavailable, "The configuration could not be read in time."));
  if (!faults->empty()) {
    std::string message = "The configuration was not changed:";
    for (const auto& fault : *faults) message += " " + fault;
    co_return co_await r.answer_error(model::make_error(model::api_errc::invalid_value, std::move(message)));
  }
  co_await call.finish({.body = R"({"status":"reloaded"})"});
}

}  // namespace spidergate::api
