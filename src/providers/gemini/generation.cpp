#include "generation.hpp"

#include "../chat/tool_schema.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace spidergate::providers::gemini {

namespace {

using level = chat::reasoning_wish::level;
using format_kind = chat::response_format::kind;
constexpr std::size_t most_stops = 5;
constexpr std::int64_t most_choices = 8;

/// What Google's own OpenAI-compatible API makes of efforts for models that think by tokens.
std::int64_t budget_of(level effort, const model_traits& traits) {
  const std::int64_t most = traits.pro ? 32'768 : 24'576;
  switch (effort) {
    case level::minimal:
    case level::low:
      return 1024;
    case level::medium:
      return 8192;
    case level::high:
      return 24'576;
    case level::xhigh:
      return most;
    case level::none:
    case level::unset:
      break;
  }
  return 0;
}

std::int64_t within_limits(std::int64_t budget, const model_traits& traits) {
  if (traits.pro) return std::clamp<std::int64_t>(budget, 128, 32'768);
  if (budget == 0) return 0;
  return std::clamp<std::int64_t>(budget, traits.lite ? 512 : 1, 24'576);
}

/// Gemini 3 Pro of the first hour knows two levels; every Pro thinks at least a little.
std::string_view level_of(level effort, const model_traits& traits) {
  switch (effort) {
    case level::none:
    case level::minimal:
      return traits.pro ? "low" : "minimal";
    case level::low:
      return "low";
    case level::medium:
      return traits.pro && traits.generation == 30 ? "high" : "medium";
    default:
      return "high";
  }
}

class generation_writer {
 public:
  generation_writer(const encode_input& in, const chat::chat_request& asked, const model_traits& traits, body_text& out,
                    wire_request& wire)
      : in_(in), asked_(asked), traits_(traits), out_(out), wire_(wire) {}

  boost::system::result<void, refusal> run(bool formatted) {
    if (asked_.choices > most_choices) return chat::cannot(in_, "n", "gives at most 8 answers to a request");
    if (asked_.stop.size() > most_stops) return chat::cannot(in_, "stop", "takes at most 5 stop sequences");
    sampling();
    stops();
    if (formatted) format();
    if (const auto done = modalities(); !done) return done.error();
    thinking();
    if (any_) out_.add("}");
    return {};
  }

 private:
  body_text& member(std::string_view name) {
    out_.add(any_ ? ",\"" : ",\"generationConfig\":{\"").add(name).add("\":");
    any_ = true;
    return out_;
  }

  void raw(std::string_view name, json::value v) {
    if (v.is(json::kind::number)) member(name).add(v.raw());
  }

  void sampling() {
    if (in_.entry != nullptr && in_.entry->no_temperature) {
      if (asked_.temperature.exists()) chat::drop(wire_, "temperature");
    } else {
      raw("temperature", asked_.temperature);
    }
    raw("topP", asked_.top_p);
    raw("topK", asked_.top_k);
    raw("seed", asked_.seed);
    raw("frequencyPenalty", asked_.frequency_penalty);
    raw("presencePenalty", asked_.presence_penalty);
    if (const auto most = asked_.max_tokens ? asked_.max_tokens : in_.clamped_max_tokens)
      member("maxOutputTokens").number(*most);
    if (asked_.choices > 1) member("candidateCount").number(asked_.choices);
    if (asked_.logprobs.boolean() == true) {
      member("responseLogprobs").add("true");
      raw("logprobs", asked_.top_logprobs);
    }
  }

  void stops() {
    bool first = true;
    for (const auto stop : asked_.stop) {
      if (stop.literal().empty()) continue;
      if (first) member("stopSequences").add("[");
      out_.add(first ? "" : ",").literal(stop.literal());
      first = false;
    }
    if (!first) out_.add("]");
  }

  void format() {
    const auto& wanted = asked_.format;
    if (wanted.is == format_kind::text) return;
    member("responseMimeType").add("\"application/json\"");
    if (!wanted.schema.exists()) return;
    if (traits_.answer_json_schema()) {
      member("responseJsonSchema").view(wanted.schema.raw());
      return;
    }
    member("responseSchema");
    chat::append_schema(out_.text(), wanted.schema, old_schema_limits());
  }

  boost::system::result<void, refusal> modalities() {
    bool image = false;
    for (const auto kind : asked_.modalities.elements()) {
      if (kind.literal() == "image") image = true;
      if (kind.literal() == "audio") return chat::cannot(in_, "modalities", "makes no sound in a chat");
    }
    if (image) member("responseModalities").add(R"(["TEXT","IMAGE"])");
    if (const auto set = find_google(asked_.root, "imageConfig", "image_config"); set.exists())
      member("imageConfig").view(set.raw());
    return {};
  }

  void thinking() {
    if (const auto set = find_google(asked_.root, "thinkingConfig", "thinking_config"); set.exists()) {
      member("thinkingConfig").view(set.raw());
      return;
    }
    const auto& wish = asked_.reasoning;
    if (!wish.asked()) return;
    if (!traits_.thinks) {
      if (!wish.off()) chat::drop(wire_, wish.param);
      return;
    }
    std::string inside;
    const bool shown = !wish.off() && !wish.exclude;
    if (shown) inside = ",\"includeThoughts\":true";
    if (wish.budget_tokens && !wish.off()) {
      add_budget(inside, within_limits(*wish.budget_tokens, traits_));
    } else if (wish.off() && !traits_.by_level()) {
      add_budget(inside, within_limits(0, traits_));
    } else if (wish.off() || wish.effort != level::unset) {
      add_effort(inside, wish.off() ? level::none : wish.effort);
    }
    if (!inside.empty()) member("thinkingConfig").add("{").add(std::string_view(inside).substr(1)).add("}");
  }

  static void add_budget(std::string& out, std::int64_t tokens) {
    out.append(",\"thinkingBudget\":").append(std::to_string(tokens));
  }

  void add_effort(std::string& out, level effort) const {
    if (traits_.by_level()) {
      out.append(",\"thinkingLevel\":\"").append(level_of(effort, traits_)).append("\"");
    } else {
      add_budget(out, within_limits(budget_of(effort, traits_), traits_));
    }
  }

  static chat::schema_limits old_schema_limits() {
    return {.inline_references = true,
            .drop_dollar_members = true,
            .drop_additional_properties = true,
            .type_lists_as_nullable = true,
            .const_as_enum = true,
            .only_known_formats = true,
            .drop_strict = true};
  }

  const encode_input& in_;
  const chat::chat_request& asked_;
  const model_traits& traits_;
  body_text& out_;
  wire_request& wire_;
  bool any_ = false;
};

}  // namespace

json::value find_google(json::value root, std::string_view camel, std::string_view snake) {
  for (const auto holder : {root.find("extra_body").find("google"), root.find("google"), root}) {
    for (const auto name : {camel, snake}) {
      const auto found = holder.find(name);
      if (found.given()) return found;
    }
  }
  return {};
}

boost::system::result<void, refusal> append_generation(const encode_input& in, const chat::chat_request& asked,
                                                       const model_traits& traits, bool formatted, body_text& out,
                                                       wire_request& wire) {
  if (const auto done = generation_writer(in, asked, traits, out, wire).run(formatted); !done) return done.error();
  if (const auto safety = find_google(asked.root, "safetySettings", "safety_settings"); safety.is(json::kind::array))
    out.add(",\"safetySettings\":").view(safety.raw());
  if (const auto cached = find_google(asked.root, "cachedContent", "cached_content"); cached.is(json::kind::string))
    out.add(",\"cachedContent\":").add(cached.raw());
  return {};
}

}  // namespace spidergate::providers::gemini
