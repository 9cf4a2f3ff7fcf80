#include "../handlers.hpp"

#include <spidergate/core/json_text.hpp>

namespace spidergate::api {

awaitable<void> show_alive(request_scope& r) {
  return r.answer_json(200, R"({"status":"ok"})");
}

awaitable<void> show_ready(request_scope& r) {
  auto reasons = r.with.shared.unready_reasons();
  if (r.with.shared.draining.load(std::memory_order_relaxed)) reasons.insert(reasons.begin(), "draining");
  const auto degraded = r.with.shared.degraded_reasons();
  const std::string_view status = !reasons.empty() ? "not ready" : degraded.empty() ? "ready" : "degraded";
  std::string body;
  json_writer out(body);
  const auto list = [&](std::string_view name, const std::vector<std::string>& clauses) {
    out.key(name).begin_array();
    for (const auto& clause : clauses) out.string(clause);
    out.end_array();
  };
  out.begin_object().key("status").string(status);
  list("reasons", reasons);
  list("degraded", degraded);
  out.end_object();
  return r.answer_json(reasons.empty() ? 200 : 503, std::move(body));
}

awaitable<void> show_root(request_scope& r) {
  return r.answer_json(200, R"({"name":"SpiderGate","api":"/v1","health":"/healthz"})");
}

awaitable<void> show_metrics(request_scope& r) {
  http::header_block headers;
  headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  headers.add("X-Request-Id", r.request_id);
  const auto text = r.with.shared.metrics_text();
  const std::string_view piece = text;
  (void)co_await r.x.respond(200, headers, {&piece, 1});
}

}  // namespace spidergate::api
