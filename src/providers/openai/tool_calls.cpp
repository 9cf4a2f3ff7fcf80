#include "tool_calls.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace spidergate::providers::openai {

namespace {

constexpr std::int64_t most_calls = 4096;

std::string invented_id(std::uint64_t seed, std::int64_t index, std::string_view name) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t hash = hash_of(name, hash_of(std::to_string(index), seed));
  std::string id = "call_";
  for (int i = 0; i < 16; ++i, hash >>= 4) id.push_back(digits[hash & 15]);
  return id;
}

/// A value as the string it should be: null is empty, an object is its own text.
std::string as_string(json::value v) {
  if (v.is(json::kind::string)) return std::string(v.raw());
  std::string out;
  append_json_string(out, v.given() ? v.raw() : std::string_view());
  return out;
}

bool is_text(json::value v) {
  return v.is(json::kind::string) && !v.literal().empty();
}

/// The parts of one call that matter, wherever it stands.
struct parts {
  explicit parts(json::value call) {
    for (const auto& m : call.members()) {
      if (m.name == "id") id = m.value;
      if (m.name == "type") type = m.value;
      if (m.name == "index") index = m.value;
      if (m.name == "function") function = m.value;
    }
    for (const auto& m : function.members()) {
      if (m.name == "name") name = m.value;
      if (m.name == "arguments") arguments = m.value;
    }
  }
  /// OpenAI's custom tools and providers' own types have no function.
  [[nodiscard]] bool other_type() const { return is_text(type) && type.literal() != "function" && !function.exists(); }
  [[nodiscard]] std::string id_text() const {
    if (is_text(id)) return std::string(id.raw());
    return id.is(json::kind::number) ? "\"" + std::string(id.raw()) + "\"" : std::string();
  }

  json::value id, type, index, function, name, arguments;
};

void append_others(std::string& out, json::value object, std::initializer_list<std::string_view> done) {
  for (const auto& m : object.members()) {
    if (std::find(done.begin(), done.end(), m.name) != done.end()) continue;
    if (!out.ends_with('{')) out.push_back(',');
    out.append(m.whole());
  }
}

void append_function(std::string& out, const parts& p, bool first, bool drop_name) {
  out.append(R"("function":{)");
  if (first || (p.name.exists() && !drop_name)) out.append(R"("name":)").append(as_string(p.name)).push_back(',');
  if (first || p.arguments.exists()) out.append(R"("arguments":)").append(as_string(p.arguments));
  if (out.ends_with(',')) out.pop_back();
  append_others(out, p.function, {"name", "arguments"});
  out.push_back('}');
}

}  // namespace

struct tool_call_deltas::delta {
  explicit delta(json::value call) : read(call) {
    const auto number = read.index.whole_number();
    if (number && *number >= 0 && *number < most_calls) index = number;
    const auto id_text = read.id_text();
    if (!id_text.empty()) id = hash_of(id_text);
    if (is_text(read.name)) name = hash_of(read.name.literal());
  }
  parts read;
  std::optional<std::int64_t> index;
  std::uint64_t id = 0, name = 0;
};

tool_call_deltas::call* tool_call_deltas::find(const delta& d) {
  const auto latest = [this](auto matches) -> call* {
    const auto found = std::find_if(calls_.rbegin(), calls_.rend(), matches);
    return found == calls_.rend() ? nullptr : &*found;
  };
  call* by_id = d.id != 0 ? latest([&](const call& c) { return c.id == d.id; }) : nullptr;
  if (by_id != nullptr) return by_id;
  if (!d.index) {
    if (d.id != 0 || d.name != 0 || calls_.empty()) return nullptr;
    return &calls_.back();
  }
  call* by_index = latest([&](const call& c) { return c.provider_index == *d.index; });
  if (by_index == nullptr) return nullptr;
  // The same index again: under a new id and with a name, or with another name, it is another call. An id that merely
  // changes between the pieces of one call (seen where servers draw a new one for every chunk) is not.
  const bool renamed = d.name != 0 && by_index->name != 0 && d.name != by_index->name;
  const bool another = d.name != 0 && (renamed || (d.id != 0 && by_index->id != 0));
  return another ? nullptr : by_index;
}

tool_call_deltas::call& tool_call_deltas::begin(const delta& d) {
  std::int64_t next = 0;
  bool taken = !d.index;
  for (const auto& c : calls_) {
    next = std::max(next, c.index + 1);
    taken = taken || c.index == *d.index;
  }
  calls_.push_back({d.index.value_or(-1), taken ? next : *d.index, d.id, d.name});
  return calls_.back();
}

std::string_view tool_call_deltas::normalise(json::value calls, json::splice& edits) {
  std::string_view goes_on;
  int seen = 0;
  for (const auto element : calls.elements()) {
    ++seen;
    if (!element.is(json::kind::object)) continue;
    const delta d(element);
    const auto& p = d.read;
    call* known = find(d);
    const bool full = static_cast<std::int64_t>(calls_.size()) >= most_calls;
    if (known == nullptr && full) known = &calls_.back();
    const bool first = known == nullptr;
    const call c = first ? begin(d) : *known;
    const bool repeats_name = !first && d.name != 0 && d.name == c.name;
    if (!first && known->name == 0) known->name = d.name;
    const bool bare = !p.other_type();
    const bool lacks = first && (!is_text(p.id) || !is_text(p.type) ||
                                 (bare && !(p.name.is(json::kind::string) && p.arguments.is(json::kind::string))));
    const bool repeats = !first && (d.id != 0 || repeats_name);
    const bool odd = p.arguments.exists() && !p.arguments.is(json::kind::string);
    if (!lacks && !repeats && !odd && p.index.raw() == std::to_string(c.index)) {
      if (!first && d.name == 0 && !element.find("custom").exists()) goes_on = p.arguments.literal();
      continue;
    }

    std::string out = "{\"index\":" + std::to_string(c.index);
    if (first) {
      auto id = p.id_text();
      if (id.empty()) append_json_string(id, invented_id(seed_, c.index, p.name.literal()));
      out.append(",\"id\":").append(id).append(",\"type\":").append(is_text(p.type) ? p.type.raw() : "\"function\"");
    } else if (p.type.exists()) {
      out.append(",\"type\":").append(p.type.raw());
    }
    if (bare && (first || p.function.exists())) {
      out.push_back(',');
      append_function(out, p, first, repeats_name);
    }
    append_others(out, element, {"index", "id", "type", bare ? "function" : "type"});
    out.push_back('}');
    edits.replace(element.raw(), std::move(out));
  }
  return seen == 1 ? goes_on : std::string_view();
}

void normalise_tool_calls(json::value calls, std::uint64_t seed, json::splice& edits) {
  std::int64_t index = -1;
  for (const auto element : calls.elements()) {
    ++index;
    if (!element.is(json::kind::object)) continue;
    const parts p(element);
    const bool bare = !p.other_type();
    const bool sound = is_text(p.id) && is_text(p.type) &&
                       (!bare || (p.name.is(json::kind::string) && p.arguments.is(json::kind::string)));
    if (sound) continue;
    auto id = p.id_text();
    if (id.empty()) append_json_string(id, invented_id(seed, index, p.name.literal()));
    std::string out = "{\"id\":" + id + ",\"type\":";
    out.append(is_text(p.type) ? p.type.raw() : "\"function\"");
    if (bare) {
      out.push_back(',');
      append_function(out, p, true, false);
    }
    append_others(out, element, {"id", "type", bare ? "function" : "type"});
    out.push_back('}');
    edits.replace(element.raw(), std::move(out));
  }
}

void stringify(json::value v, json::splice& edits) {
  if (v.is(json::kind::object)) edits.replace(v.raw(), as_string(v));
}

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return seed;
}

}  // namespace spidergate::providers::openai
