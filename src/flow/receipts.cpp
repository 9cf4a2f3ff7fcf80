#include "receipts.hpp"

#include <algorithm>
#include <utility>

namespace spidergate::flow {

namespace {

std::string_view status_of(engine::report::ending how) noexcept {
  using ending = engine::report::ending;
  switch (how) {
    case ending::answered:
    case ending::streamed:
      return "ok";
    case ending::failed:
      return "error";
    case ending::stream_failed:
      return "stream_failed";
    case ending::client_gone:
      return "client_disconnected";
  }
  return "error";
}

/// False when the client left before any provider had been sent the request.
bool was_called(const engine::report& went) noexcept {
  const bool unused = went.used.total() == 0 && !went.used.estimated;
  return went.how != engine::report::ending::client_gone || !unused;
}

/// Tells how long the provider's machine was busy for what it made, where an hour of it has a price.
void measure(const routing_snapshot& routing, const catalogue::provider& served, const engine::report& went) {
  if (routing.machines == nullptr || !served.gpu_hour || went.attempts.empty() || !was_called(went)) return;
  const auto& last = went.attempts.back();
  const auto in = model::buckets_of(went.used);
  const auto read = std::max<std::int64_t>(went.used.prompt, 0) - in.cached;
  routing.machines->note(served.id, last.started_at, last.latency_ms,
                         read + std::max<std::int64_t>(went.used.completion, 0));
}

}  // namespace

void begin_receipt(model::receipt& r, const rooms& house, const request_context& context, model::endpoint kind,
                   const model::inference_request* asked) {
  r.request_id = context.request_id;
  r.timestamp = house.time.epoch_now();
  r.brand_id = context.who->brand_id;
  r.client_id = context.who->client_id;
  r.token_id = context.who->token_id;
  r.endpoint = model::endpoint_name(kind);
  if (asked == nullptr) return;
  r.streamed = asked->stream;
  r.requested_model = asked->model;
  r.tags = asked->options.tags;
  r.metadata = asked->options.metadata;
}

void complete_receipt(model::receipt& r, const routing_snapshot& routing, const plan& made, engine::report& went) {
  r.tokens = went.used;
  r.dropped_params = std::move(went.dropped_params);
  r.status = status_of(went.how);
  if (went.winner) {
    const auto& winner = made.order()[*went.winner];
    r.provider = winner.what.provider->id;
    r.model = winner.what.model;
    r.reason = winner.reason;
    r.fallback_used = !went.fallback_from.empty();
    r.fallback_from = std::move(went.fallback_from);
    model::price room;
    const auto& rates =
        routing.price_of(winner.what, r.brand_id,
                         went.attempts.empty() ? std::string_view{} : went.attempts.back().integration_id, room);
    r.cost_known = rates.known();
    r.cost_estimated = rates.estimated;
    if (r.cost_known && was_called(went)) r.cost = model::cost_of(went.used, rates);
    measure(routing, *winner.what.provider, went);
  }
  r.attempts = std::move(went.attempts);
  r.http_status = went.how == engine::report::ending::client_gone ? 499 : 200;
  if (went.error) {
    r.error_code = went.error->code_name();
    if (went.how == engine::report::ending::failed) r.http_status = went.error->status();
  }
}

void refuse_receipt(model::receipt& r, const model::api_error& error) {
  r.status = "refused";
  r.error_code = error.code_name();
  r.http_status = error.status();
}

}  // namespace spidergate::flow
