#include <spidergate/core/digits.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/core/put_text.hpp>
#include <spidergate/model/receipt.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace spidergate::model {
namespace {

void string_or_null(json_writer& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty())
    json.null();
  else
    json.string(text);
}

std::string served_by(const receipt& r) {
  return r.provider.empty() ? std::string{} : r.provider + '/' + r.model;
}

/// Microseconds as milliseconds, exactly: 412 -> "0.412", 3000 -> "3".
std::string as_ms(std::int64_t us) {
  std::string text = std::to_string(us / 1000);
  if (us <= 0 || us % 1000 == 0) return text;
  std::string fraction = std::to_string(1000 + us % 1000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + '.' + fraction;
}

/// Shown only where there are some.
constexpr std::array rarer_counts{
    std::pair{std::string_view{"cache_written_1h"}, &usage::cache_written_1h},
    std::pair{std::string_view{"audio_prompt"}, &usage::audio_prompt},
    std::pair{std::string_view{"audio_completion"}, &usage::audio_completion},
    std::pair{std::string_view{"image_prompt"}, &usage::image_prompt},
    std::pair{std::string_view{"image_completion"}, &usage::image_completion},
    std::pair{std::string_view{"images"}, &usage::images},
    std::pair{std::string_view{"pixels"}, &usage::pixels},
    std::pair{std::string_view{"characters_in"}, &usage::characters_in},
    std::pair{std::string_view{"characters_out"}, &usage::characters_out},
    std::pair{std::string_view{"audio_ms_in"}, &usage::audio_ms_in},
    std::pair{std::string_view{"audio_ms_out"}, &usage::audio_ms_out},
    std::pair{std::string_view{"searches"}, &usage::searches},
    std::pair{std::string_view{"web_searches"}, &usage::web_searches},
};

void write_tokens(json_writer& json, const usage& used) {
  json.key("tokens").begin_object();
  json.key("prompt").number(used.prompt).key("cached").number(used.cached);
  json.key("cache_written").number(used.cache_written);
  json.key("completion").number(used.completion).key("reasoning").number(used.reasoning);
  for (const auto& [name, count] : rarer_counts)
    if (used.*count != 0) json.key(name).number(used.*count);
  if (!used.image_variant.empty()) json.key("image_variant").string(used.image_variant);
  json.key("total").number(used.total()).key("estimated").boolean(used.estimated);
  json.end_object();
}

void write_attempt(json_writer& json, const attempt& a) {
  json.begin_object();
  json.key("provider").string(a.provider).key("model").string(a.model);
  string_or_null(json, "key_label", a.key_label);
  json.key("started_at").string(to_iso8601(a.started_at)).key("latency_ms").number(a.latency_ms);
  json.key("status");
  if (a.status == 0)
    json.null();
  else
    json.number(a.status);
  string_or_null(json, "error", a.error);
  write_tokens(json, a.tokens);
  json.end_object();
}

void write_attempts(json_writer& json, const receipt& r) {
  json.begin_array();
  for (const auto& a : r.attempts) write_attempt(json, a);
  json.end_array();
}

void write_strings(json_writer& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const auto& text : texts) json.string(text);
  json.end_array();
}

void write_routing(json_writer& json, const receipt& r) {
  json.key("routing").begin_object();
  string_or_null(json, "strategy", r.strategy);
  json.key("candidates_evaluated").number(r.candidates_evaluated);
  string_or_null(json, "winner", served_by(r));
  string_or_null(json, "reason", r.reason);
  json.end_object();
}

void write_execution(json_writer& json, const receipt& r) {
  json.key("execution").begin_object();
  string_or_null(json, "provider", r.provider);
  string_or_null(json, "model", r.model);
  json.key("latency_ms").number(r.latency_ms).key("time_to_first_token_ms").number(r.time_to_first_token_ms);
  json.key("routing_overhead_ms").raw(as_ms(r.routing_overhead_us));
  write_tokens(json, r.tokens);
  json.end_object();
}

void write_cost(json_writer& json, const receipt& r) {
  json.key("cost").begin_object();
  json.key("provider_cost_usd");
  if (r.cost_known)
    json.raw(r.cost.to_usd());
  else
    json.null();
  // There is no default to compare with yet, so savings are not known, which is not the same as none.
  json.key("total_usd").raw(r.cost.to_usd()).key("savings_vs_default_usd").null();
  if (r.cost_estimated) json.key("estimated_price").boolean(true);
  json.end_object();
}

void write_fallback(json_writer& json, const receipt& r) {
  json.key("fallback").begin_object();
  json.key("used").boolean(r.fallback_used);
  string_or_null(json, "from", r.fallback_from);
  json.key("attempts");
  write_attempts(json, r);
  json.end_object();
}

void append_escaped_unit(std::string& out, unsigned unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 0xf];
}

/// Valid JSON with everything beyond printable ASCII escaped, so that it may stand in an HTTP header.
std::string ascii_only(const std::string& json) {
  std::string out;
  out.reserve(json.size() + 16);
  for (std::size_t i = 0; i < json.size();) {
    const auto lead = static_cast<unsigned char>(json[i]);
    if (lead < 0x7f) {
      out += json[i++];
      continue;
    }
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned point = lead < 0x80 ? lead : lead & (0xffU >> (size + 1));
    for (std::size_t k = 1; k < size && i + k < json.size(); ++k)
      point = (point << 6) | (static_cast<unsigned char>(json[i + k]) & 0x3fU);
    i += size;
    if (point < 0x10000) {
      append_escaped_unit(out, point);
    } else {
      append_escaped_unit(out, 0xd800 + ((point - 0x10000) >> 10));
      append_escaped_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

/// Of JSON, which has nothing below a space unescaped: whether all of it is printable ASCII. Eight bytes at a time; the
/// top bit of a byte is set where it was, or where adding one to 0x7f sets it.
bool printable_ascii(std::string_view json) {
  constexpr std::uint64_t each = 0x0101010101010101, top = 0x8080808080808080;
  std::uint64_t found = 0;
  for (; json.size() >= sizeof found; json.remove_prefix(sizeof found)) {
    std::uint64_t word = 0;
    std::memcpy(&word, json.data(), sizeof word);
    found |= word | (word + each);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, json.data(), json.size());
  return ((found | rest | (rest + each)) & top) == 0;
}

constexpr std::array<bool, 256> stands_for_itself = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = ' '; c < 0x7f; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

/// The text of a JSON string, as it stands where nothing in it is to be escaped: nearly always.
char* put_escaped(char* at, std::string_view text) {
  bool plain = true;
  for (const char c : text) plain &= stands_for_itself[static_cast<unsigned char>(c)];
  if (plain) return put_text(at, text);
  std::string escaped;
  append_json_text(escaped, text);
  return put_text(at, escaped);
}

}  // namespace

std::string compact_json(const receipt& r) {
  // Written for each answer, hence in place, and without a json_writer.
  constexpr std::size_t literals_and_numbers = 192, most_of_a_byte = 6;  // "\u001f"
  std::string out(literals_and_numbers + most_of_a_byte * (r.request_id.size() + r.provider.size() + r.model.size()),
                  '\0');
  auto* at = put_escaped(put_text(out.data(), R"({"request_id":")"), r.request_id);
  if (r.provider.empty()) {
    at = put_text(at, R"(","routing_decision":null)");
  } else {
    at = put_escaped(put_text(at, R"(","routing_decision":")"), r.provider);
    at = put_text(put_escaped(put_text(at, "/"), r.model), "\"");
  }
  at = put_text(put_text(at, R"(,"cost_usd":)"), r.cost.to_usd());
  at = put_text(at, R"(,"latency_ms":)");
  at = put_number(at, r.latency_ms);
  at = put_text(at, r.fallback_used ? std::string_view(R"(,"fallback_used":true})") : R"(,"fallback_used":false})");
  out.resize(static_cast<std::size_t>(at - out.data()));
  return printable_ascii(out) ? out : ascii_only(out);
}

std::string route_trace_json(const receipt& r) {
  std::string out;
  json_writer json(out);
  write_attempts(json, r);
  return out;
}

std::string full_json(const receipt& r) {
  std::string out;
  out.reserve(1024 + 256 * r.attempts.size());
  json_writer json(out);
  json.begin_object();
  json.key("request_id").string(r.request_id).key("timestamp").string(to_iso8601(r.timestamp));
  json.key("endpoint").string(r.endpoint).key("streamed").boolean(r.streamed);
  json.key("requested_model").string(r.requested_model);
  string_or_null(json, "alias", r.alias);
  write_routing(json, r);
  write_execution(json, r);
  write_cost(json, r);
  write_fallback(json, r);
  json.key("cache").begin_object().key("status").string("off").end_object();
  json.key("guardrails").begin_array().end_array();
  write_strings(json, "dropped_params", r.dropped_params);
  json.key("status").string(r.status).key("http_status").number(r.http_status);
  string_or_null(json, "error_code", r.error_code);
  string_or_null(json, "client_id", r.client_id);
  string_or_null(json, "token_id", r.token_id);
  write_strings(json, "tags", r.tags);
  json.key("metadata");
  if (r.metadata.empty())
    json.null();
  else
    json.raw(r.metadata);
  json.end_object();
  return out;
}

}  // namespace spidergate::model
