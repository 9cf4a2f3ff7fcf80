#pragma once
#include "request_scope.hpp"

/// One function per resource; each answers exactly once. The table in gateway.cpp says which serves what.
namespace spidergate::api {

awaitable<void> infer(request_scope& r, model::endpoint kind);  ///< POST to any inference path

awaitable<void> list_models(request_scope& r);   ///< GET models
awaitable<void> show_model(request_scope& r);    ///< GET models/{id}
awaitable<void> show_receipt(request_scope& r);  ///< GET receipts/{id}

awaitable<void> show_alive(request_scope& r);    ///< GET healthz
awaitable<void> show_ready(request_scope& r);    ///< GET readyz
awaitable<void> show_root(request_scope& r);     ///< GET /
awaitable<void> show_metrics(request_scope& r);  ///< GET metrics, admin listener
awaitable<void> show_openapi(request_scope& r);  ///< GET api/openapi.json, admin listener

awaitable<void> serve_management(request_scope& r);  ///< everything under api/v1, see admin/

}  // namespace spidergate::api
