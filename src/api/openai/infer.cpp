#include "../error_body.hpp"
#include "../handlers.hpp"
#include "answer_extras.hpp"
#include "stream_answer.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/http/errc.hpp>
#include <spidergate/http/sse.hpp>
#include <spidergate/openai/request_reader.hpp>
#include <spidergate/runtime/worker.hpp>

#include <array>

namespace spidergate::api {

namespace {

constexpr std::string_view hop_header = "x-spidergate-hops";
constexpr int most_hops = 3;

std::chrono::microseconds since(const request_scope& r, steady_time start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(r.with.house.time.steady_now() - start);
}

std::unique_ptr<model::api_error> fault(model::api_errc code, std::string message) {
  return std::make_unique<model::api_error>(model::make_error(code, std::move(message)));
}

/// What is wrong with the request before its body has been read.
std::unique_ptr<model::api_error> fault_of_head(const request_scope& r, model::endpoint kind) {
  const auto type = r.header("content-type");
  const bool form = openai::takes_form(kind);
  const bool right =
      form ? to_lower(type).starts_with("multipart/form-data")
           : type.empty() || iequals(type, "application/json") || to_lower(type).find("json") != std::string::npos;
  if (!right) {
    const std::string wanted =
        form ? "a form (Content-Type: multipart/form-data; boundary=…)" : "JSON (Content-Type: application/json)";
    return fault(model::api_errc::unsupported_media_type,
                 "The body must be " + wanted + ", not '" + std::string(type.substr(0, 100)) + "'.");
  }
  if (const auto coding = r.header("content-encoding"); !coding.empty() && !iequals(coding, "identity")) {
    return fault(model::api_errc::unsupported_media_type,
                 "The body must not be compressed (Content-Encoding: " + std::string(coding.substr(0, 100)) + ").");
  }
  if (!r.x.head().content_length && !r.x.head().chunked) {
    return fault(model::api_errc::length_required,
                 "The request has no body: send Content-Length or Transfer-Encoding: chunked.");
  }
  if (parse_integer<int>(r.header(hop_header)).value_or(0) >= most_hops) {
    return fault(model::api_errc::loop_detected,
                 "This request has passed a SpiderGate three times: a provider's base_url leads back here.");
  }
  if (r.with.shared.draining.load(std::memory_order_relaxed)) {
    return fault(model::api_errc::draining, "The gateway is shutting down and takes no new requests.");
  }
  return nullptr;
}

model::outcome<model::inference_request> read_asked(const request_scope& r, model::endpoint kind,
                                                    const result<std::string_view>& body) {
  if (!body) return body_error(body.error());
  return openai::read_request(kind, *body, r.header("content-type"));
}

/// Only a known set of client headers travels on (spec 10), and the hop count.
std::vector<std::pair<std::string, std::string>> headers_to_forward(request_scope& r) {
  std::vector<std::pair<std::string, std::string>> forwarded;
  for (const auto& name : *r.now.forwarded_header_names.get()) {
    if (const auto value = r.header(name); !value.empty()) forwarded.emplace_back(name, value);
  }
  forwarded.emplace_back(hop_header, std::to_string(parse_integer<int>(r.header(hop_header)).value_or(0) + 1));
  return forwarded;
}

/// Puts members before the closing brace of a JSON object.
void add_members(std::vector<std::string_view>& pieces, const std::string& members) {
  while (!pieces.empty() && pieces.back().find_last_not_of(" \t\r\n") == std::string_view::npos) pieces.pop_back();
  if (pieces.empty()) return;
  const auto brace = pieces.back().find_last_not_of(" \t\r\n");
  if (pieces.back()[brace] != '}') return;
  pieces.back() = pieces.back().substr(0, brace);
  pieces.emplace_back(members);
  pieces.emplace_back("}");
}

void add_whole_headers(http::header_block& headers, const request_scope& r, const flow::request_context& context,
                       const flow::served& outcome, std::chrono::microseconds before_flow) {
  const auto& type = outcome.went.answer.content_type;
  headers.add("Content-Type", type.empty() ? std::string_view("application/json") : std::string_view(type));
  r.add_common_headers(headers);
  add_execution_headers(headers, outcome.receipt);
  add_clamp_header(headers, context);
  add_timing(headers, before_flow, outcome.went.upstream_time, since(r, r.x.started()));
}

/// The last frames of a good stream: what the client asked to see of the routing, then the end mark.
std::string closing_frames(const flow::served& outcome, const model::inference_request& asked,
                           const answer_extras& extras) {
  std::string frames;
  const auto members = extras.members(outcome.receipt, &asked);
  const bool in_chunks = asked.kind == model::endpoint::chat || asked.kind == model::endpoint::completions;
  if (!members.empty() && in_chunks) {
    std::string chunk = R"({"id":")" + outcome.receipt.request_id + R"(","object":"chat.completion.chunk","created":)" +
                        std::to_string(outcome.receipt.timestamp / 1000) + R"(,"model":)";
    append_json_string(chunk, outcome.receipt.model);
    http::append_sse(frames, chunk + R"(,"choices":[])" + members + "}");
  }
  frames += http::sse_done;
  return frames;
}

/// Not inlined, or every request would have room for its frame.
[[gnu::noinline]] awaitable<void> answer_failure(request_scope& r, const flow::served& outcome,
                                                 const stream_answer& sink) {
  const auto& error = *outcome.error;
  if (sink.opened() && !sink.sends_events()) co_return r.x.break_off();
  if (sink.opened()) {
    std::string frame;
    http::append_sse(frame, error_body(error, r.request_id));
    (void)co_await r.x.abort(frame);
    co_return;
  }
  http::header_block headers;
  headers.add("Content-Type", "application/json");
  r.add_common_headers(headers);
  add_error_headers(headers, error);
  if (!outcome.receipt.request_id.empty()) add_execution_headers(headers, outcome.receipt);
  add_timing(headers, {}, outcome.went.upstream_time, since(r, r.x.started()));
  auto body = error_body(error, r.request_id);
  if (r.query_flag("include_route_trace") && !outcome.receipt.attempts.empty()) {
    body.pop_back();
    body += ",\"spidergate\":{\"route_trace\":" + model::route_trace_json(outcome.receipt) + "}}";
  }
  const std::string_view piece = body;
  (void)co_await r.x.respond(error.status(), headers, {&piece, 1});
}

awaitable<void> infer_for(std::shared_ptr<const auth::principal> who, request_scope& r, model::endpoint kind) {
  auto fault = fault_of_head(r, kind);
  result<std::string_view> body{std::string_view()};
  if (!fault) body = co_await r.x.read_body();
  const auto asked = fault ? model::outcome<model::inference_request>(*std::move(fault)) : read_asked(r, kind, body);
  const auto before_flow = since(r, r.x.started());
  flow::request_context context{.request_id = r.request_id,
                                .started = r.x.started(),
                                .who = std::move(who),
                                .routing = r.now.routing.get(),
                                .settings = r.now.engine_settings.get(),
                                .forwarded_headers = headers_to_forward(r),
                                .stop = {},
                                .rates = {},
                                .clamped_max_tokens = {}};
  r.x.watch_client([&context] { context.stop.stop(runtime::stop_signal::reason::client_gone); });

  const bool streams = asked && asked->stream;
  stream_answer sink(r, context);
  flow::served outcome;
  co_await flow::serve(r.with.house, context, asked, kind, streams ? &sink : nullptr, outcome);
  r.rates = context.rates;
  using ending = engine::report::ending;
  if (outcome.error) {
    co_await answer_failure(r, outcome, sink);
  } else if (outcome.went.how == ending::answered) {
    http::header_block headers;
    add_whole_headers(headers, r, context, outcome, before_flow);
    auto& answer = outcome.went.answer;
    const auto members = answer_extras::asked_by(r).members(outcome.receipt, &*asked);
    if (!members.empty() && answer.content_type.empty()) add_members(answer.body, members);
    (void)co_await r.x.respond(200, headers, answer.body);
  } else if (outcome.went.how == ending::streamed) {
    const auto extras = answer_extras::asked_by(r);
    (void)co_await r.x.finish(sink.sends_events() ? closing_frames(outcome, *asked, extras) : std::string());
    co_await r.with.house.engine.finish_reading(std::move(outcome.went.remainder));
  } else if (sink.opened()) {
    // The client has gone: nothing more is owed to it, and its connection must not look well ended.
    r.x.break_off();
  }
}

}  // namespace

awaitable<void> infer(request_scope& r, model::endpoint kind) {
  auto who = identify(r, auth::scope::inference);
  return who ? infer_for(*std::move(who), r, kind) : r.answer_error(who.error());
}

}  // namespace spidergate::api
