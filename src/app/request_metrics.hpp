#pragma once
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
  telemetry::family<telemetry::counter>& requests_;
  telemetry::family<telemetry::histogram>& duration_;
  telemetry::family<telemetry::histogram>& first_token_;
  telemetry::family<telemetry::counter>& tokens_;
  telemetry::family<telemetry::counter>& cost_;
  telemetry::family<telemetry::counter>& attempts_;
  telemetry::counter& fallbacks_;
  telemetry::histogram& overhead_;
};

}  // namespace spidergate::app
