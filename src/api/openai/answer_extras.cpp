#include "answer_extras.hpp"

#include <spidergate/core/json_text.hpp>

namespace spidergate::api {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

answer_extras answer_extras::asked_by(const request_scope& r) {
  return {.receipt = r.query_flag("include_receipt"), .route_trace = r.query_flag("include_route_trace")};
}

std::string answer_extras::members(const model::receipt& filed, const model::inference_request* asked) const {
  std::string text;
  if (receipt || (asked != nullptr && !asked->options.routing_hints.empty()))
    text += ",\"x-llm-gateway\":" + model::compact_json(filed);
  if (route_trace) text += ",\"spidergate\":{\"route_trace\":" + model::route_trace_json(filed) + "}";
  return text;
}

void add_execution_headers(http::header_block& headers, const model::receipt& filed) {
  if (!filed.provider.empty()) {
    headers.add("X-SpiderGate-Provider", filed.provider);
    headers.add("X-SpiderGate-Model", filed.model);
  }
  headers.add("X-SpiderGate-Attempts", static_cast<std::int64_t>(filed.attempts.size()));
  headers.add("X-SpiderGate-Cost-Usd", filed.cost.to_usd());
  headers.add("X-SpiderGate-Cache", "off");
  http::field_text<32> overhead;
  headers.add("X-SpiderGate-Overhead-Ms", overhead.milliseconds(std::chrono::microseconds(filed.routing_overhead_us)));
  if (filed.fallback_used) headers.add("X-SpiderGate-Fallback-From", filed.fallback_from);
  if (!filed.dropped_params.empty()) headers.add("X-SpiderGate-Dropped-Params", joined(filed.dropped_params));
  headers.add("x-llm-gateway", model::compact_json(filed));
}

void add_clamp_header(http::header_block& headers, const flow::request_context& context) {
  if (context.clamped_max_tokens) headers.add("X-SpiderGate-Clamped-Max-Tokens", *context.clamped_max_tokens);
}

void add_timing(http::header_block& headers, std::chrono::microseconds before_flow, std::chrono::microseconds provider,
                std::chrono::microseconds total) {
  http::field_text<192> stages;
  stages.text("read;dur=").milliseconds(before_flow);
  stages.text(", gateway;dur=").milliseconds(total - provider - before_flow);
  stages.text(", provider;dur=").milliseconds(provider);
  stages.text(", total;dur=").milliseconds(total);
  headers.add("Server-Timing", stages);
}

}  // namespace spidergate::api
