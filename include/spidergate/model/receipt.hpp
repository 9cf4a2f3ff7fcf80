#pragma once
#include <spidergate/core/money.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/model/usage.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::model {

/// One call to one candidate with one key.
struct attempt {
  std::string provider;
  std::string model;
  std::string integration_id;  ///< empty when no key was used
  std::string key_label;       ///< never the key
  epoch_ms started_at = 0;
  std::int64_t latency_ms = 0;
  int status = 0;     ///< the provider's HTTP status; 0 when none came
  std::string error;  ///< empty when it succeeded: our code of the failure and the provider's short message
  usage tokens;
};

/// The record of one request: what was asked, who served it, what it used and cost. Spec section 12.
struct receipt {
  std::string request_id;
  epoch_ms timestamp = 0;
  std::string brand_id, client_id, token_id;
  std::string endpoint;  ///< "chat", "completions", "embeddings", "moderations"
  bool streamed = false;
  std::string requested_model;  ///< as the client wrote it
  std::string alias;            ///< the alias that it named, or empty
  // routing
  std::string strategy;  ///< "alias", "explicit", "rule", "catalogue", "pattern", "priority", "fallback_chain"
  std::int64_t candidates_evaluated = 0;
  std::string reason;  ///< why the winner stands first
  // execution
  std::string provider, model;  ///< who served; empty when nobody did
  std::int64_t latency_ms = 0;
  std::int64_t time_to_first_token_ms = 0;
  std::int64_t routing_overhead_us = 0;  ///< our own share of the latency
  usage tokens;
  money cost;              ///< what the provider charges
  bool cost_known = true;  ///< false: the catalogue has no price, cost is 0
  /// The price is not a list price but our own estimate, from what an hour of the provider's machine costs.
  bool cost_estimated = false;
  bool fallback_used = false;
  std::string fallback_from;  ///< "provider/model" of the first choice
  std::vector<attempt> attempts;
  std::vector<std::string> dropped_params;
  /// "ok", "error", "client_disconnected", "refused" (by limits or validation), "stream_failed"
  std::string status;
  int http_status = 0;
  std::string error_code;  ///< of spec section 12; empty when none
  std::vector<std::string> tags;
  std::string metadata;  ///< raw JSON object or empty
};

/// The compact form: {"request_id","routing_decision","cost_usd","latency_ms","fallback_used"}, one line of printable
/// ASCII, fit for a header. routing_decision is "provider/model", or null when nobody served.
[[nodiscard]] std::string compact_json(const receipt& r);
/// The full form of spec section 12.
[[nodiscard]] std::string full_json(const receipt& r);
/// The list of attempts as `spidergate.route_trace` shows it: a JSON array.
[[nodiscard]] std::string route_trace_json(const receipt& r);

/// The stored form: compact, versioned, self-contained, checksummed. encode appends to `out`, which the caller reuses;
/// decode fails (false, `r` untouched) on anything that encode did not write whole. Both are safe on any thread; decode
/// on any bytes.
void encode(const receipt& r, std::string& out);
[[nodiscard]] bool decode(std::string_view bytes, receipt& r);

/// What receipts are searched and summed by. Texts are the stored form's: good as long as that stays.
struct receipt_columns {
  std::string_view request_id;
  epoch_ms timestamp = 0;
  std::string_view brand_id, client_id, token_id;
  std::string_view requested_model, alias;
  std::string_view provider, model;
  std::int64_t prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0, reasoning_tokens = 0;
  money cost;
  std::string_view status;
};
/// Reads them without copying the rest. Fails where decode() fails, for all of the form is checked.
[[nodiscard]] bool decode_columns(std::string_view bytes, receipt_columns& columns);

}  // namespace spidergate::model
