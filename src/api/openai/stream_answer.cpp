#include "stream_answer.hpp"

namespace spidergate::api {

void stream_answer::open(const opening& head) {
  opened_ = true;
  r_.rates = context_.rates;
  http::header_block headers;
  events_ = head.content_type.empty();
  headers.add("Content-Type", events_ ? std::string_view("text/event-stream") : std::string_view(head.content_type));
  headers.add("Cache-Control", "no-cache");
  headers.add("X-Accel-Buffering", "no");
  r_.add_common_headers(headers);
  r_.add_total_time(headers);
  if (!head.early) {
    headers.add("X-SpiderGate-Provider", head.provider);
    headers.add("X-SpiderGate-Model", head.model);
    headers.add("X-SpiderGate-Attempts", static_cast<std::int64_t>(head.attempts));
    if (!head.fallback_from.empty()) headers.add("X-SpiderGate-Fallback-From", head.fallback_from);
    std::string dropped;
    for (const auto& name : head.dropped_params) dropped.append(dropped.empty() ? "" : ", ").append(name);
    if (!dropped.empty()) headers.add("X-SpiderGate-Dropped-Params", dropped);
  }
  add_clamp_header(headers, context_);
  headers.add("X-SpiderGate-Cache", "off");
  r_.x.begin_stream(200, headers);
}

}  // namespace spidergate::api
