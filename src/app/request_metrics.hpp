#pragma once
#include "recent_series.hpp"

#include <spidergate/flow/serve.hpp>
#include <spidergate/telemetry/metrics.hpp>

namespace spidergate::app {

/// Counts finished requests for /metrics: `gen_ai_*` by OpenTelemetry's GenAI conventions, `spidergate_*` for what is
/// ours. Any worker.
class request_metrics final : public flow::observer {
 public:
  explicit request_metrics(telemetry::registry& into);
  void finished(const model::receipt& r) noexcept override;

 private:
  /// The series of what one model serves.
  struct of_model {
    telemetry::histogram* duration;
    telemetry::histogram* first_token;  ///< null before the first stream
    telemetry::counter* input;
    telemetry::counter* output;
    telemetry::counter* cost;
  };
  struct recently_met {
    recent_series<3, telemetry::counter*> ends;      ///< by endpoint, status, code
    recent_series<2, telemetry::counter*> attempts;  ///< by provider, outcome
    recent_series<2, of_model> models;               ///< by provider, model
  };
  void count(const model::receipt& r, recently_met& met);
  [[nodiscard]] of_model series_of(std::string_view provider, std::string_view model);

  telemetry::family<telemetry::counter>& requests_;
  telemetry::family<telemetry::histogram>& duration_;
  telemetry::family<telemetry::histogram>& first_token_;
  telemetry::family<telemetry::counter>& tokens_;
  telemetry::family<telemetry::counter>& cost_;
  telemetry::family<telemetry::counter>& attempts_;
  telemetry::counter& fallbacks_;
  telemetry::histogram& overhead_;
  telemetry::per_worker<recently_met> met_;
};

}  // namespace spidergate::app
