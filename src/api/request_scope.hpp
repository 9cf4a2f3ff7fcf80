#pragma once
#include <spidergate/api/gateway.hpp>
#include <spidergate/api/routes.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace spidergate::api {

/// This worker's view of what is published to all of them: reading takes no lock.
struct snapshots {
  runtime::published<auth::trusted_proxies>::reader proxies;
  runtime::published<flow::routing_snapshot>::reader routing;
  runtime::published<engine::options>::reader engine_settings;
  runtime::published<std::vector<std::string>>::reader forwarded_header_names;
};

/// One request as its handler sees it: the exchange, the services, its id, and how to answer it.
struct request_scope {
  http::exchange& x;
  services& with;
  snapshots& now;
  route where;
  std::string request_id;
  std::string_view client_request_id;  ///< a valid incoming X-Request-Id, or empty
  limits::rate_state rates;            ///< shown on the answer when known

  [[nodiscard]] std::string_view header(std::string_view name) const noexcept { return x.head().find(name); }
  /// The decoded query parameter, or an empty text.
  [[nodiscard]] std::string query(std::string_view name) const;
  /// True for "true" and "1".
  [[nodiscard]] bool query_flag(std::string_view name) const;

  /// Starts a block with what every answer carries: the request ids and, where known, the rate limits.
  void add_common_headers(http::header_block& headers) const;
  /// Server-Timing for answers whose stages are not told apart.
  void add_total_time(http::header_block& headers) const;

  /// `replayed` says that this answer was given before, for the same Idempotency-Key.
  awaitable<void> answer_json(int status, std::string body, bool replayed = false);
  awaitable<void> answer_error(model::api_error error);
};

/// Who is calling, or why not; missing_scope when the resource needs a scope that the token lacks.
[[nodiscard]] model::outcome<std::shared_ptr<const auth::principal>> identify(request_scope& r,
                                                                              std::optional<auth::scope> needed);

/// The same for requests that no limit is charged for: notes where the limits stand, for the answer's headers.
awaitable<model::outcome<std::shared_ptr<const auth::principal>>> welcome(request_scope& r,
                                                                          std::optional<auth::scope> needed);

[[nodiscard]] std::string_view scope_name(auth::scope s) noexcept;

/// What reading a body can end in, as the client sees it.
[[nodiscard]] model::api_error body_error(error_code code);

}  // namespace spidergate::api
