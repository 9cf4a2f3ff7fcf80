#include "error_reading.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/reader.hpp>

#include <charconv>
#include <cmath>

namespace spidergate::providers {

namespace {

constexpr double longest_wait_ms = 86'400'000;

/// A string's text or a number's digits; providers write codes both ways.
std::string word_of(json::value v) {
  if (v.is(json::kind::string)) return presentable(v.text());
  if (v.is(json::kind::number)) return std::string(v.raw().substr(0, 32));
  return {};
}

bool set(std::string& field, json::value v) {
  if (!field.empty()) return false;
  field = word_of(v);
  return !field.empty();
}

void set_status(json::value v, provider_error& error) {
  const auto number = v.whole_number();
  if (error.status == 0 && number && *number >= 400 && *number <= 599) error.status = static_cast<int>(*number);
}

/// FastAPI's list of what is wrong where: [{"loc": ["body", "messages", 0], "msg": "field required"}].
bool read_list(json::value list, provider_error& error) {
  for (const auto entry : list.elements()) {
    if (entry.is(json::kind::string)) return set(error.message, entry);
    std::string place;
    for (const auto step : entry.find("loc").elements()) {
      if (step.literal() == "body") continue;
      const bool index = step.is(json::kind::number);
      place += index ? "[" + std::string(step.raw()) + "]" : (place.empty() ? "" : ".") + step.text();
    }
    if (!set(error.message, entry.find("msg"))) return read_error(entry, error);
    if (place.empty()) return true;
    error.message = presentable(place + ": " + error.message);
    error.param = presentable(place);
    return true;
  }
  return false;
}

/// OpenRouter says "Provider returned error" and keeps what happened in metadata.
void add_metadata(json::value metadata, provider_error& error) {
  const auto raw = metadata.find("raw");
  if (!raw.is(json::kind::string)) return;
  const std::string inner = raw.text();
  json::reader reader;
  provider_error nested;
  std::string said =
      reader.read(inner, json::surrogates::any) && read_error(reader.root(), nested) ? nested.message : inner;
  if (!said.empty() && said != error.message) error.message = presentable(error.message + ": " + said);
  if (error.param.empty()) error.param = nested.param;
  if (nested.code == "context_length_exceeded") error.code = nested.code;
}

bool read_object(json::value v, provider_error& error) {
  bool said = set(error.message, v.find("message"));
  for (const std::string_view name : {"msg", "error_message", "detail", "title", "description"}) {
    said = set(error.message, v.find(name)) || said;
  }
  said = set(error.code, v.find("code")) || said;
  said = set(error.type, v.find("type")) || said;
  set(error.type, v.find("error_type"));
  set(error.code, v.find("error_code"));
  set(error.param, v.find("param"));
  for (const std::string_view name : {"status_code", "code", "status", "statusCode", "http_code"})
    set_status(v.find(name), error);
  if (v.find("type").literal().empty()) set(error.type, v.find("status"));  // Google's "INVALID_ARGUMENT"
  add_metadata(v.find("metadata"), error);
  return said;
}

}  // namespace

bool read_error(json::value root, provider_error& error) {
  if (root.is(json::kind::array)) return read_list(root, error);
  if (root.is(json::kind::string)) return set(error.message, root);
  bool said = false;
  for (const std::string_view name : {"error", "errors", "detail"}) {
    const auto inner = root.find(name);
    if (inner.is(json::kind::object) && !inner.empty()) said = read_error(inner, error) || said;
    if (inner.is(json::kind::array)) said = read_list(inner, error) || said;
    if (inner.is(json::kind::string)) said = set(error.message, inner) || said;
    if (said) break;
  }
  return read_object(root, error) || said;
}

bool looks_like_error(json::value root) {
  const auto error = root.find("error");
  if (error.is(json::kind::object)) return !error.empty();
  if (error.is(json::kind::string)) return !error.literal().empty();
  if (error.boolean() == true || error.is(json::kind::array)) return true;
  if (root.find("object").literal() == "error" || root.find("type").literal() == "error") return true;
  const bool answer = root.find("choices").is(json::kind::array) || root.find("data").is(json::kind::array) ||
                      root.find("results").is(json::kind::array);
  if (answer) return false;
  return root.find("detail").given() || root.find("errors").given() || root.find("message").is(json::kind::string);
}

std::optional<std::chrono::milliseconds> read_retry_after(std::string_view seconds, std::string_view milliseconds) {
  const auto number = [](std::string_view text) -> std::optional<double> {
    text = trim(text);
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || !(value >= 0)) return std::nullopt;
    return value;
  };
  auto wait = number(milliseconds);
  // Azure sends "0" beside a true number of seconds.
  if (!wait || *wait == 0) {
    if (const auto whole = number(seconds)) wait = *whole * 1000;
  }
  if (!wait) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(*wait, longest_wait_ms))));
}

std::optional<std::chrono::milliseconds> retry_after_in(std::string_view message) {
  constexpr std::string_view words = "try again in ";
  const std::size_t found = message.find(words);
  if (found == std::string_view::npos) return std::nullopt;
  double total = 0;
  bool any = false;
  for (const char *at = message.data() + found + words.size(), *end = message.data() + message.size(); at != end;) {
    double value = 0;
    const auto [unit, failure] = std::from_chars(at, end, value);
    if (failure != std::errc{}) break;
    const auto rest = std::string_view(unit, static_cast<std::size_t>(end - unit));
    const std::size_t space = rest.starts_with(' ') ? 1 : 0;
    const auto name = rest.substr(space);
    const double factor = name.starts_with("ms")  ? 1
                          : name.starts_with('s') ? 1000
                          : name.starts_with('m') ? 60'000
                          : name.starts_with('h') ? 3'600'000
                                                  : 0;
    if (factor == 0) break;
    total += value * factor;
    any = true;
    at = unit + space + (factor == 1 ? 2 : 1);
  }
  if (!any || !(total >= 0)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(total, longest_wait_ms))));
}

provider_error not_an_answer(std::string message) {
  provider_error error;
  error.kind = error_class::failed;
  error.message = std::move(message);
  return error;
}

}  // namespace spidergate::providers
