#include "request_metrics.hpp"

#include <spidergate/telemetry/log.hpp>

namespace spidergate::app {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ns_per_us = 1'000;

/// One attempt's outcome with few values: "ok", the provider's status, or "failed" where none came.
std::string outcome_of(const model::attempt& a) {
  if (a.error.empty()) return "ok";
  return a.status >= 400 ? std::to_string(a.status) : "failed";
}

}  // namespace

request_metrics::request_metrics(telemetry::registry& into)
    : requests_(into.add_counters("spidergate_requests_total",
                                  "Requests that passed authentication, by how they ended.",
                                  {"endpoint", "status", "code"})),
      duration_(into.add_histograms("gen_ai_server_request_duration",
                                    "Time from the first byte of a request to its receipt, in seconds.",
                                    telemetry::latency_scale(), {"gen_ai_provider_name", "gen_ai_request_model"})),
      first_token_(into.add_histograms("gen_ai_server_time_to_first_token",
                                       "Time to the first content of a stream, in seconds.", telemetry::latency_scale(),
                                       {"gen_ai_provider_name", "gen_ai_request_model"})),
      tokens_(into.add_counters("gen_ai_client_token_usage_total", "Tokens as providers report them.",
                                {"gen_ai_provider_name", "gen_ai_request_model", "gen_ai_token_type"})),
      cost_(into.add_counters("spidergate_cost_nano_usd_total", "What providers charge, in nano-dollars.",
                              {"provider", "model"})),
      attempts_(
          into.add_counters("spidergate_attempts_total", "Calls to providers, by outcome.", {"provider", "outcome"})),
      fallbacks_(into.add_counter("spidergate_fallbacks_total",
                                  "Requests that another candidate than the first choice served.")),
      overhead_(into.add_histogram("spidergate_overhead_seconds", "The gateway's own share of a request's time.",
                                   telemetry::latency_scale())) {}

void request_metrics::finished(const model::receipt& r) noexcept {
  try {
    requests_.with({r.endpoint, r.status, r.error_code}).add();
    overhead_.observe(r.routing_overhead_us * ns_per_us);
    for (const auto& a : r.attempts) attempts_.with({a.provider, outcome_of(a)}).add();
    if (r.fallback_used) fallbacks_.add();
    if (r.provider.empty()) return;
    duration_.with({r.provider, r.model}).observe(r.latency_ms * ns_per_ms);
    if (r.time_to_first_token_ms > 0)
      first_token_.with({r.provider, r.model}).observe(r.time_to_first_token_ms * ns_per_ms);
    tokens_.with({r.provider, r.model, "input"}).add(r.tokens.prompt);
    tokens_.with({r.provider, r.model, "output"}).add(r.tokens.completion);
    cost_.with({r.provider, r.model}).add(r.cost.nano_usd);
  } catch (const std::bad_alloc&) {
    // A lost count is better than a lost answer.
    telemetry::log::warning("no memory left to count a request");
  }
}

}  // namespace spidergate::app
