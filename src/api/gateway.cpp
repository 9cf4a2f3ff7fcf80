#include "error_body.hpp"
#include "handlers.hpp"
#include "request_ids.hpp"

#include <spidergate/api/gateway.hpp>
#include <spidergate/core/ascii.hpp>

namespace spidergate::api {

namespace {

model::api_error unknown_path(const http::request_head& head) {
  return model::make_error(model::api_errc::not_found,
                           "There is nothing at " + std::string(head.path) +
                               ". Inference lives under /v1, for example POST /v1/chat/completions.");
}

model::api_error wrong_method(const http::request_head& head, std::string_view allowed) {
  return model::make_error(model::api_errc::method_not_allowed,
                           std::string(head.method) + " is not served here; allowed: " + std::string(allowed) + ".");
}

model::api_error no_upgrade() {
  return model::make_error(
      model::api_errc::upgrade_required,
      "WebSocket connections are not served; send plain HTTP requests and set \"stream\": true for streaming.");
}

model::api_error memory_is_short() {
  auto error = model::make_error(model::api_errc::gateway_overloaded,
                                 "The gateway is short of memory and takes no new requests for a moment.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

/// Asked by those who must know how the gateway is, however it is.
bool is_about_the_gateway(resource what) {
  return what == resource::alive || what == resource::ready || what == resource::root || what == resource::metrics;
}

/// The neutral code behind a status that the connection itself answers with.
model::api_errc code_of(int status) noexcept {
  switch (status) {
    case 408:
      return model::api_errc::request_timeout;
    case 413:
      return model::api_errc::body_too_large;
    case 431:
      return model::api_errc::headers_too_large;
    case 503:
      return model::api_errc::gateway_overloaded;
    case 500:
      return model::api_errc::internal_error;
    default:
      return model::api_errc::invalid_value;
  }
}

}  // namespace

struct gateway::impl {
  services with;
  snapshots now;
  request_ids ids;

  explicit impl(services s)
      : with(std::move(s)),
        now{.proxies = decltype(snapshots::proxies)(with.proxies),
            .routing = decltype(snapshots::routing)(with.routing),
            .engine_settings = decltype(snapshots::engine_settings)(with.engine_settings),
            .forwarded_header_names = decltype(snapshots::forwarded_header_names)(with.forwarded_header_names)},
        ids(with.shared.random, with.house.time) {}

  awaitable<void> dispatch(request_scope& r) {
    const auto& head = r.x.head();
    if (with.shared.shedding.load(std::memory_order_relaxed) && !is_about_the_gateway(r.where.what))
      return r.answer_error(memory_is_short());
    if (iequals(head.find("upgrade"), "websocket")) return r.answer_error(no_upgrade());
    if (r.where.what != resource::nothing && !r.where.allows(head.method))
      return r.answer_error(wrong_method(head, r.where.methods));
    if (r.where.managed) return serve_management(r);
    switch (r.where.what) {
      case resource::chat:
        return infer(r, model::endpoint::chat);
      case resource::completions:
        return infer(r, model::endpoint::completions);
      case resource::embeddings:
        return infer(r, model::endpoint::embeddings);
      case resource::moderations:
        return infer(r, model::endpoint::moderations);
      case resource::images:
        return infer(r, model::endpoint::images);
      case resource::speech:
        return infer(r, model::endpoint::speech);
      case resource::transcriptions:
        return infer(r, model::endpoint::transcriptions);
      case resource::translations:
        return infer(r, model::endpoint::translations);
      case resource::rerank:
        return infer(r, model::endpoint::rerank);
      case resource::model_list:
        return list_models(r);
      case resource::model_item:
        return show_model(r);
      case resource::receipt_item:
        return show_receipt(r);
      case resource::alive:
        return show_alive(r);
      case resource::ready:
        return show_ready(r);
      case resource::root:
        return show_root(r);
      case resource::metrics:
        return show_metrics(r);
      case resource::openapi:
        return show_openapi(r);
      default:
        break;
    }
    return r.answer_error(unknown_path(r.x.head()));
  }
};

gateway::gateway(services with) : impl_(std::make_unique<impl>(std::move(with))) {}
gateway::~gateway() = default;

awaitable<void> gateway::handle(http::exchange& x) {
  const auto& head = x.head();
  request_scope r{.x = x,
                  .with = impl_->with,
                  .now = impl_->now,
                  .where = find_route(head.path, x.on_admin_listener()),
                  .request_id = impl_->ids.next(),
                  .client_request_id = valid_client_id(head.find("x-request-id")),
                  .rates = {}};
  co_await impl_->dispatch(r);
}

void gateway::describe_refusal(int status, std::string_view message, std::string& body, http::header_block& headers) {
  const auto id = impl_->ids.next();
  auto error = model::make_error(code_of(status), std::string(message));
  headers.add("Content-Type", "application/json");
  headers.add("X-Request-Id", id);
  add_error_headers(headers, error);
  body = error_body(error, id);
}

}  // namespace spidergate::api
