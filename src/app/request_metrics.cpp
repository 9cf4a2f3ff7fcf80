#include "request_metrics.hpp"

#include <spidergate/telemetry/log.hpp>

#include <array>
#include <charconv>

namespace spidergate::app {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ns_per_us = 1'000;

/// One attempt's outcome with few values: "ok", the provider's status, or "failed" where none came.
class outcome {
 public:
  explicit outcome(const model::attempt& a) {
    if (a.error.empty()) {
      text_ = "ok";
    } else if (a.status >= 400) {
      text_ = {digits_.data(), std::to_chars(digits_.data(), digits_.data() + digits_.size(), a.status).ptr};
    }
  }
  outcome(const outcome&) = delete;
  outcome& operator=(const outcome&) = delete;
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::array<char, 12> digits_{};
  std::string_view text_ = "failed";
};

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
                                   telemetry::latency_scale())),
      met_(into.workers()) {}

void request_metrics::finished(const model::receipt& r) noexcept {
  try {
    auto* const mine = met_.mine();
    recently_met nothing;
    count(r, mine != nullptr ? *mine : nothing);
  } catch (const std::bad_alloc&) {
    // A lost count is better than a lost answer.
    telemetry::log::warning("no memory left to count a request");
  }
}

void request_metrics::count(const model::receipt& r, recently_met& met) {
  met.ends
      .find({r.endpoint, r.status, r.error_code}, [&] { return &requests_.with({r.endpoint, r.status, r.error_code}); })
      ->add();
  overhead_.observe(r.routing_overhead_us * ns_per_us);
  for (const auto& a : r.attempts) {
    const outcome how(a);
    met.attempts.find({a.provider, how.text()}, [&] { return &attempts_.with({a.provider, how.text()}); })->add();
  }
  if (r.fallback_used) fallbacks_.add();
  if (r.provider.empty()) return;
  auto& series = met.models.find({r.provider, r.model}, [&] { return series_of(r.provider, r.model); });
  series.duration->observe(r.latency_ms * ns_per_ms);
  if (r.time_to_first_token_ms > 0) {
    if (series.first_token == nullptr) series.first_token = &first_token_.with({r.provider, r.model});
    series.first_token->observe(r.time_to_first_token_ms * ns_per_ms);
  }
  series.input->add(r.tokens.prompt);
  series.output->add(r.tokens.completion);
  series.cost->add(r.cost.nano_usd);
}

request_metrics::of_model request_metrics::series_of(std::string_view provider, std::string_view model) {
  return {.duration = &duration_.with({provider, model}),
          .first_token = nullptr,
          .input = &tokens_.with({provider, model, "input"}),
          .output = &tokens_.with({provider, model, "output"}),
          .cost = &cost_.with({provider, model})};
}

}  // namespace spidergate::app
