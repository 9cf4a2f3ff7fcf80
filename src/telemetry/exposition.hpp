#pragma once
#include <spidergate/telemetry/metrics.hpp>

#include <string>
#include <string_view>

/// The Prometheus text format: pure functions from values to lines.
namespace spidergate::telemetry::exposition {

[[nodiscard]] bool is_metric_name(std::string_view name);
[[nodiscard]] bool is_label_name(std::string_view name);

void append_head(std::string& out, std::string_view name, std::string_view type, std::string_view help);
void append_series(std::string& out, std::string_view name, const labels& of, std::int64_t value);
void append_series(std::string& out, std::string_view name, const labels& of, const histogram& value);

/// `value / units` as the shortest exact decimal.
[[nodiscard]] std::string scaled(std::int64_t value, std::int64_t units);

}  // namespace spidergate::telemetry::exposition
