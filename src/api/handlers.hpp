#pragma once
#include "request_scope.hpp"

/// One function per resource; each answers exactly once. The table in gateway.cpp says which serves what.
namespace spidergate::api {

awaitable<void> infer(request_scope& r,
                      model::endpoint kind);  ///< POST chat/completions, completions, embeddings, moderations

awaitable<void> list_models(request_scope& r);   ///< GET models
awaitable<void> show_model(request_scope& r);    ///< GET models/{id}
awaitable<void> show_receipt(request_scope& r);  ///< GET receipts/{id}

awaitable<void> show_alive(request_scope& r);    ///< GET healthz
awaitable<void> show_ready(request_scope& r);    ///< GET readyz
awaitable<void> show_root(request_scope& r);     ///< GET /
awaitable<void> show_metrics(request_scope& r);  ///< GET metrics, admin listener

awaitable<void> serve_integrations(request_scope& r);       ///< GET, POST api/v1/integrations
awaitable<void> serve_integration(request_scope& r);        ///< GET, PATCH, DELETE api/v1/integrations/{id}
awaitable<void> show_integration_health(request_scope& r);  ///< GET api/v1/integrations/health
awaitable<void> test_integration(request_scope& r);         ///< POST api/v1/integrations/{id}/test

awaitable<void> list_requests(request_scope& r);  ///< GET api/v1/requests
awaitable<void> show_usage(request_scope& r);     ///< GET api/v1/usage
awaitable<void> reload_config(request_scope& r);  ///< POST api/v1/config/reload

}  // namespace spidergate::api
