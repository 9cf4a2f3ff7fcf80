#include "answer.hpp"

#include "invented.hpp"

#include <spidergate/core/json_text.hpp>

#include <utility>

namespace spidergate::providers::chat {

namespace {

constexpr std::int64_t bytes_per_token = 4;

void append_literal(std::string& out, std::string_view member, std::string_view literal) {
  out.append(member).append("\"").append(literal).append("\"");
}

void append_raw(std::string& out, std::string_view member, std::string_view raw) {
  if (!raw.empty()) out.append(member).append(raw);
}

void append_list(std::string& out, std::string_view member, const std::vector<std::string>& objects) {
  if (objects.empty()) return;
  out.append(member).push_back('[');
  for (const auto& object : objects) out.append(object).push_back(',');
  out.back() = ']';
}

std::int64_t size_of(std::string_view literal) {
  return static_cast<std::int64_t>(json::unescaped_size(literal));
}

std::int64_t produced_by(const answer_choice& c) {
  std::int64_t bytes = size_of(c.content_json) + size_of(c.reasoning_json) + size_of(c.refusal_json);
  for (const auto& call : c.calls) bytes += size_of(call.name_json) + size_of(call.arguments_json);
  return bytes;
}

void append_function(std::string& out, const answer_call& call) {
  append_literal(out, "{\"name\":", call.name_json);
  append_literal(out, ",\"arguments\":", call.arguments_json.empty() ? "{}" : std::string_view(call.arguments_json));
  out.push_back('}');
}

/// Writes one answer; only its own to_client() uses it.
class answer_text {
 public:
  answer_text(const answer& said, const answer_input& in) : said_(said), in_(in) {}

  std::string run(std::int64_t text_bytes) {
    std::size_t size = 512 + said_.extra.size();
    for (const auto& c : said_.choices) size += size_estimate(c);
    out_.reserve(size);
    const auto id = said_.id_json.empty() ? invented_id(in_) : said_.id_json;
    append_literal(out_, "{\"id\":", id);
    out_.append(",\"object\":\"chat.completion\",\"created\":");
    append_json_number(out_, said_.created != 0 ? said_.created : in_.now / 1000);
    out_.append(",\"model\":");
    if (said_.model_json.empty()) {
      append_json_string(out_, in_.model);
    } else {
      append_literal(out_, "", said_.model_json);
    }
    out_.append(",\"choices\":[");
    for (std::size_t i = 0; i < said_.choices.size(); ++i) {
      if (i > 0) out_.push_back(',');
      append_choice(said_.choices[i], static_cast<std::int64_t>(i));
    }
    out_.append("],");
    append_figures(text_bytes);
    out_.append(said_.extra).push_back('}');
    return std::move(out_);
  }

 private:
  static std::size_t size_estimate(const answer_choice& c) {
    std::size_t size = 256 + c.content_json.size() + c.reasoning_json.size() + c.refusal_json.size() + c.images.size() +
                       c.audio.size() + c.logprobs.size() + c.extra.size();
    for (const auto& call : c.calls) {
      size += 96 + call.name_json.size() + call.arguments_json.size() + call.extra.size();
    }
    for (const auto& object : c.reasoning_details) size += object.size() + 1;
    for (const auto& object : c.annotations) size += object.size() + 1;
    return size;
  }

  void append_choice(const answer_choice& c, std::int64_t index) {
    out_.append("{\"index\":");
    append_json_number(out_, index);
    out_.append(",\"message\":{\"role\":\"assistant\",\"content\":");
    const bool null = c.content_json.empty() && (!c.calls.empty() || !c.refusal_json.empty() || !c.audio.empty());
    if (null) {
      out_.append("null");
    } else {
      append_literal(out_, "", c.content_json);
    }
    if (c.refusal_json.empty()) {
      out_.append(",\"refusal\":null");
    } else {
      append_literal(out_, ",\"refusal\":", c.refusal_json);
    }
    if (!c.reasoning_json.empty()) append_literal(out_, ",\"reasoning_content\":", c.reasoning_json);
    append_list(out_, ",\"reasoning_details\":", c.reasoning_details);
    append_list(out_, ",\"annotations\":", c.annotations);
    append_raw(out_, ",\"images\":", c.images);
    append_raw(out_, ",\"audio\":", c.audio);
    const bool one_function = in_legacy_form(in_.asked) && c.calls.size() == 1;
    if (one_function) {
      out_.append(",\"function_call\":");
      append_function(out_, c.calls.front());
    } else if (!c.calls.empty()) {
      append_calls(c, index);
    }
    out_.append(c.extra).append("},\"logprobs\":").append(c.logprobs.empty() ? "null" : std::string_view(c.logprobs));
    append_finish(c, one_function);
  }

  void append_calls(const answer_choice& c, std::int64_t choice) {
    out_.append(",\"tool_calls\":[");
    for (std::size_t i = 0; i < c.calls.size(); ++i) {
      const auto& call = c.calls[i];
      const auto id = call.id_json.empty() ? invented_call_id(in_, choice, static_cast<std::int64_t>(i), call.name_json)
                                           : call.id_json;
      append_literal(out_, i > 0 ? ",{\"id\":" : "{\"id\":", id);
      out_.append(",\"type\":\"function\",\"function\":");
      append_function(out_, call);
      out_.append(call.extra).push_back('}');
    }
    out_.push_back(']');
  }

  void append_finish(const answer_choice& c, bool one_function) {
    const bool calls = !c.calls.empty() && (c.how == finish::stop || c.how == finish::none);
    const auto how = calls ? finish::tool_calls : c.how == finish::none ? finish::stop : c.how;
    const auto name = one_function && how == finish::tool_calls ? "function_call" : finish_name(how);
    append_literal(out_, ",\"finish_reason\":", name);
    if (!c.native_finish.empty() && c.native_finish != name) {
      out_.append(",\"native_finish_reason\":");
      append_json_string(out_, c.native_finish);
    }
    out_.push_back('}');
  }

  void append_figures(std::int64_t text_bytes) {
    if (said_.usage) {
      append_usage(out_, *said_.usage);
    } else {
      append_estimate(out_, in_.asked, text_bytes);
    }
  }

  const answer& said_;
  const answer_input& in_;
  std::string out_;
};

/// Appends `"name":{…}` of the figures that are not zero.
void append_details(std::string& out, std::string_view name,
                    std::initializer_list<std::pair<std::string_view, std::int64_t>> figures) {
  bool any = false;
  for (const auto& [figure, count] : figures) {
    if (count == 0) continue;
    out.append(any ? ",\"" : name).append(any ? "" : "{\"").append(figure).append("\":");
    append_json_number(out, count);
    any = true;
  }
  if (any) out.push_back('}');
}

}  // namespace

std::string_view finish_name(finish how) noexcept {
  switch (how) {
    case finish::none:
      return {};
    case finish::stop:
      return "stop";
    case finish::length:
      return "length";
    case finish::tool_calls:
      return "tool_calls";
    case finish::content_filter:
      return "content_filter";
  }
  return {};
}

std::string reasoning_text(std::string_view text_json, std::string_view signature_json, std::string_view format,
                           std::size_t index) {
  std::string out = "{\"type\":\"reasoning.text\"";
  append_literal(out, ",\"text\":", text_json);
  if (!signature_json.empty()) append_literal(out, ",\"signature\":", signature_json);
  append_literal(out, ",\"format\":", format);
  return out.append(",\"index\":").append(std::to_string(index)).append("}");
}

std::string reasoning_encrypted(std::string_view data_json, std::string_view id_json, std::string_view format,
                                std::size_t index) {
  std::string out = "{\"type\":\"reasoning.encrypted\"";
  append_literal(out, ",\"data\":", data_json);
  if (!id_json.empty()) append_literal(out, ",\"id\":", id_json);
  append_literal(out, ",\"format\":", format);
  return out.append(",\"index\":").append(std::to_string(index)).append("}");
}

void append_usage(std::string& out, const model::usage& used) {
  out.append("\"usage\":{\"prompt_tokens\":");
  append_json_number(out, used.prompt);
  out.append(",\"completion_tokens\":");
  append_json_number(out, used.completion);
  out.append(",\"total_tokens\":");
  append_json_number(out, used.total());
  append_details(out, ",\"prompt_tokens_details\":",
                 {{"cached_tokens", used.cached},
                  {"cache_write_tokens", used.cache_written},
                  {"audio_tokens", used.audio_prompt},
                  {"image_tokens", used.image_prompt}});
  append_details(out, ",\"completion_tokens_details\":",
                 {{"reasoning_tokens", used.reasoning},
                  {"audio_tokens", used.audio_completion},
                  {"image_tokens", used.image_completion}});
  out.push_back('}');
}

void append_estimate(std::string& out, const model::inference_request& asked, std::int64_t text_bytes) {
  model::usage guess;
  guess.prompt = asked.estimated_prompt_tokens;
  guess.completion = (text_bytes + bytes_per_token - 1) / bytes_per_token;
  append_usage(out, guess);
  out.back() = ',';
  out.append("\"estimated\":true}");
}

client_answer to_client(const answer& said, const answer_input& in) {
  std::int64_t bytes = 0;
  for (const auto& c : said.choices) bytes += produced_by(c);
  client_answer out;
  out.facts.usage = said.usage;
  out.facts.text_bytes = bytes;
  out.owned.push_back(std::make_unique<std::string>(answer_text(said, in).run(bytes)));
  out.body.push_back(*out.owned.back());
  return out;
}

std::int64_t usage_figures::read(json::value figure, std::int64_t absent) {
  constexpr std::int64_t absurd = 1'000'000'000;
  if (!figure.given()) return absent;
  const auto number = figure.whole_number();
  if (number && *number >= 0 && *number <= absurd) return *number;
  impossible_ = true;
  return absent;
}

}  // namespace spidergate::providers::chat
