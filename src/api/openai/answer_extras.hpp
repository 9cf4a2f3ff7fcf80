#pragma once
#include "../request_scope.hpp"

#include <spidergate/flow/serve.hpp>

#include <string>
#include <string_view>

namespace spidergate::api {

/// What the client wants to see of the routing inside the body: `?include_receipt=true`, routing hints or `auto` ask
/// for "x-llm-gateway", `?include_route_trace=true` for "spidergate": {"route_trace": […]} (spec 10, 12).
struct answer_extras {
  bool receipt = false;
  bool route_trace = false;

  [[nodiscard]] static answer_extras asked_by(const request_scope& r);
  /// `,"x-llm-gateway":{…},"spidergate":{…}`: members to put before a body's closing brace; empty when nothing is
  /// wanted.
  [[nodiscard]] std::string members(const model::receipt& filed, const model::inference_request* asked) const;
};

/// Adds the headers that tell who served and what it cost (spec 12).
void add_execution_headers(http::header_block& headers, const model::receipt& filed);

/// Says how long the answer could get where a budget made it short (spec 8).
void add_clamp_header(http::header_block& headers, const flow::request_context& context);

/// Adds Server-Timing: "read;dur=0.012, gateway;dur=0.040, provider;dur=12.300, total;dur=12.352", in milliseconds.
void add_timing(http::header_block& headers, std::chrono::microseconds before_flow, std::chrono::microseconds provider,
                std::chrono::microseconds total);

}  // namespace spidergate::api
