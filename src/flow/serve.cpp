#include "cost_bound.hpp"
#include "plan.hpp"
#include "receipts.hpp"

#include <spidergate/flow/serve.hpp>
#include <spidergate/runtime/turn.hpp>

#include <algorithm>

namespace spidergate::flow {

namespace {

std::chrono::microseconds since(const rooms& house, steady_time start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(house.time.steady_now() - start);
}

/// The receipt goes into the spool here, before the answer's last byte can be sent: a crash from now on loses nothing.
void file(rooms& house, const request_context& context, served& outcome) {
  auto& r = outcome.receipt;
  const auto elapsed = since(house, context.started);
  r.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  r.routing_overhead_us = (elapsed - outcome.went.upstream_time).count();
  if (outcome.went.first_content_at) {
    r.time_to_first_token_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(*outcome.went.first_content_at - context.started).count();
  }
  thread_local std::string encoded;
  encoded.clear();
  model::encode(r, encoded);
  // Room was checked before the request was let in; if the disk fails all the same, the spool counts it and /readyz
  // says so.
  (void)house.spool.append(encoded);
  house.callbacks.finished(r);
}

void refuse(rooms& house, const request_context& context, served& outcome, const model::api_error& error) {
  refuse_receipt(outcome.receipt, error);
  outcome.error = std::make_unique<model::api_error>(error);
  file(house, context, outcome);
}

model::api_error spool_is_full() {
  auto error =
      model::make_error(model::api_errc::gateway_overloaded,
                        "The gateway cannot store receipts fast enough and takes no new requests for a moment.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

/// What may be used and spent, for the limits to judge. A request that cannot be served is counted, but costs nothing.
limits::demand demand_of(const request_context& context, const model::outcome<model::inference_request>& asked,
                         const model::outcome<plan>& planned) {
  limits::demand what;
  if (!asked) return what;
  what.tokens = asked->estimated_prompt_tokens;
  if (!planned || !has_budgets(*context.who)) return what;
  const auto bound = bound_cost(*context.routing, context.who->brand_id, planned->order(), *asked);
  what.worst = bound.worst;
  what.least = bound.least;
  return what;
}

/// Where budgets hold and the client left the answer's length open: how long it may get.
std::optional<std::int64_t> clamp_for(const request_context& context, const limits::demand& what,
                                      const limits::reservation& held, const plan& planned,
                                      const model::inference_request& asked) {
  if (what.worst <= money{} || asked.max_tokens) return std::nullopt;
  return affordable_tokens(*context.routing, context.who->brand_id, planned.order(), asked, held.granted());
}

}  // namespace

const router::preferences& routing_snapshot::preferences_of(const std::string& brand_id) const {
  static const router::preferences none;
  const auto own = preferences.find(brand_id);
  return own == preferences.end() ? none : own->second;
}

const router::brand_overrides& routing_snapshot::of(const std::string& brand_id) const {
  static const router::brand_overrides none;
  const auto own = brands.find(brand_id);
  if (own != brands.end()) return own->second;
  const auto shared = brands.find("");
  return shared == brands.end() ? none : shared->second;
}

awaitable<void> serve(rooms& house, request_context& context, const model::outcome<model::inference_request>& asked,
                      model::endpoint kind, engine::response_sink* sink, served& outcome) {
  if (!house.spool.has_room()) {
    outcome.error = std::make_unique<model::api_error>(spool_is_full());
    co_return;
  }
  auto& receipt = outcome.receipt;
  begin_receipt(receipt, house, context, kind, asked ? &*asked : nullptr);

  // The plan comes first, since what a request may cost follows from it; but a caller over its limits is told that
  // first.
  auto planned = asked ? make_plan(house, context, *asked) : model::outcome<plan>(asked.error());
  const auto what_may_be = demand_of(context, asked, planned);
  auto admission = house.limits.reserve_now(*context.who, context.request_id, what_may_be);
  if (!admission) admission = co_await house.limits.reserve(house.home, context.who, context.request_id, what_may_be);
  auto& verdict = admission->verdict;
  context.rates = admission->state;
  if (!verdict && planned) planned->release(house.health);
  if (!verdict) co_return refuse(house, context, outcome, verdict.error());
  if (!planned) co_return refuse(house, context, outcome, planned.error());
  context.clamped_max_tokens = clamp_for(context, what_may_be, *verdict, *planned, *asked);
  receipt.strategy = planned->resolved().strategy;
  receipt.alias = planned->resolved().alias;
  receipt.candidates_evaluated = static_cast<std::int64_t>(planned->resolved().chain.size());

  const auto& settings = *context.settings;
  const auto total = asked->options.timeout.value_or(settings.timeout);
  const engine::task what{.asked = *asked,
                          .order = planned->order(),
                          .brand_id = context.who->brand_id,
                          .pool_access = context.who->pool_access,
                          .deadline = context.started + total,
                          .total = total,
                          .retry_count = asked->options.retry_count.value_or(settings.retry_count),
                          .forwarded_headers = context.forwarded_headers,
                          .stop = context.stop,
                          .clamped_max_tokens = context.clamped_max_tokens,
                          .request_id = context.request_id,
                          .sink = sink};
  co_await house.engine.run(what, settings, outcome.went);
  planned->release(house.health);

  complete_receipt(receipt, *context.routing, *planned, outcome.went);
  verdict->settle(outcome.went.used.total(), receipt.cost);
  outcome.error = std::move(outcome.went.error);
  file(house, context, outcome);
  // So that what was spent is on its way to the other replicas before the client has its answer: this one may be
  // killed.
  if (verdict->draws_on_budgets()) co_await runtime::next_turn(house.home);
}

}  // namespace spidergate::flow
