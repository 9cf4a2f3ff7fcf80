#include "../error_reading.hpp"
#include "byte_stream.hpp"
#include "event_stream.hpp"
#include "missing_members.hpp"
#include "openai_dialect.hpp"
#include "openai_stream.hpp"
#include "produced.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/name_table.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace spidergate::providers::openai {

namespace {

// `n` is at most 128; more choices than that are somebody's joke at the cost of our memory.
constexpr std::size_t most_choices = 256;

constexpr std::string_view data_field = "data: ";

constexpr json::name_table chunk_names(std::to_array<std::string_view>({"choices", "usage", "x_groq", "error",
                                                                        "search_results", "citations"}));
constexpr json::name_table choice_names(std::to_array<std::string_view>({"index", "delta", "text", "finish_reason",
                                                                         "error"}));

bool asks_continuous_usage(const model::inference_request& asked) {
  const auto* options = asked.find("stream_options");
  return options != nullptr && options->value.find("\"continuous_usage_stats\"") != std::string_view::npos;
}

}  // namespace

openai_stream::openai_stream(const answer_input& in, bool may_lack_members)
    : event_decoder(first_byte::of_events),
      in_(in),
      may_lack_members_(may_lack_members),
      chat_(in.asked.kind == model::endpoint::chat),
      wants_usage_(in.asked.include_usage),
      usage_untouched_(in.asked.include_usage && asks_continuous_usage(in.asked)),
      estimated_prompt_(in.asked.estimated_prompt_tokens) {}

bool openai_stream::on_end(std::string& out) {
  if (facts_.error) return false;
  if (facts_.finished && !facts_.done) finish_usage(out);
  return facts_.done || facts_.finished;
}

bool openai_stream::on_event(const sse_event& event, std::string& out) {
  const auto data = trimmed(event.data);
  if (data.empty()) return true;
  if (data == "[DONE]") {
    finish_usage(out);
    facts_.done = true;
    return true;
  }
  auto& reader = thread_reader();
  const bool error_event = event.type == "error";
  if (!reader.read(data, json::surrogates::any)) {
    if (!error_event) return fail_to_read(reader.failure().message);
    facts_.error = not_an_answer(presentable(data));
    return true;
  }
  const auto root = reader.root();
  edits_.reset(data);
  if (error_event) {
    on_error(root);
  } else if (!root.is(json::kind::object)) {
    return fail("An event of the provider's stream is JSON, but no object.");
  } else {
    on_chunk(root, out);
  }
  return true;
}

void openai_stream::on_error(json::value root) {
  note_usage(root.find("usage"));
  provider_error error;
  read_error(root, error);
  if (error.message.empty()) error.message = "The provider's stream ended with an error that says nothing.";
  error.kind = classify(error);
  if (error.kind == error_class::rate_limited) error.retry_after = retry_after_in(error.message);
  facts_.error = std::move(error);
}

void openai_stream::on_chunk(json::value root, std::string& out) {
  json::value last;
  std::array<json::value, chunk_names.size() + 1> said;  // and one for all other names
  for (const auto& m : root.members()) {
    last = m.value;
    said[chunk_names.place(m.name)] = m.value;
  }
  const auto choices = said[chunk_names["choices"]], usage = said[chunk_names["usage"]];
  const auto groq = said[chunk_names["x_groq"]], error = said[chunk_names["error"]];
  const bool plain = !error.given() && choices.is(json::kind::array);
  contents_ = 0;
  steady_ = plain && !usage.given() && !groq.exists();
  if (!plain && looks_like_error(root)) return on_error(root);
  const bool counts = usage.is(json::kind::object);
  note_usage(counts ? usage : groq.find("usage"));
  if (!choices.is(json::kind::array) || choices.empty()) {
    if (counts) return on_usage_chunk(root, usage, out);
    if (!choices.is(json::kind::array) || hold_filter_results(root)) return;
  }
  if (!identified_ && !choices.empty()) remember(root);
  if (may_lack_members_) add_missing_members(root, "chat.completion.chunk", in_, edits_);
  if (!filter_results_.empty()) {
    if (!root.find("prompt_filter_results").exists())
      edits_.insert(edits_.text().data() + 1, "\"prompt_filter_results\":" + filter_results_ + ",");
    filter_results_.clear();
    steady_ = false;
  }
  sources_ = cited_sources(said[chunk_names["search_results"]], said[chunk_names["citations"]]);
  std::int64_t position = 0;
  for (const auto element : choices.elements()) on_choice(element, position++);
  if (facts_.error) return;
  steady_ = steady_ && position == 1;
  facts_.finished =
      !choices_.empty() && std::all_of(choices_.begin(), choices_.end(), [](const choice& c) { return c.finished; });
  if (usage.exists() && !usage_untouched_) hide_usage(root);
  if (steady_ && contents_ == 1 && brings_.data() != nullptr) note_repeatable(last);
  forward(out);
}

/// A string at the end of a chunk is noise: OpenAI's `obfuscation`, Mistral's `p`, a fingerprint.
void openai_stream::note_repeatable(json::value last) {
  const auto place_of = [this](std::string_view inside) { return data_field.size() + edits_.place_of(inside.data()); };
  event_pattern::padding noise;
  if (last.is(json::kind::string)) noise = {{last.literal(), place_of(last.literal())}};
  may_repeat({brings_, place_of(brings_)}, noise);
}

void openai_stream::on_text(std::string_view text_json, bool escaped, std::string&) {
  facts_.content_bytes += static_cast<std::int64_t>(escaped ? json::unescaped_size(text_json) : text_json.size());
}

void openai_stream::on_usage_chunk(json::value root, json::value usage, std::string& out) {
  const bool sound = read_usage(usage, true).tokens.has_value();
  if (!wants_usage_ || !sound || usage_sent_) return;
  usage_sent_ = true;
  // Some leave the list out, on which every client's loop stands.
  if (!root.find("choices").exists()) edits_.insert(edits_.text().data() + 1, R"("choices":[],)");
  if (may_lack_members_) add_missing_members(root, "chat.completion.chunk", in_, edits_);
  forward(out);
}

bool openai_stream::hold_filter_results(json::value root) {
  constexpr std::size_t most_bytes = 64 * 1024;
  const auto results = root.find("prompt_filter_results");
  if (!results.given() || results.raw().size() > most_bytes) return false;
  filter_results_ = results.raw();
  return true;
}

void openai_stream::on_choice(json::value v, std::int64_t position) {
  std::array<json::value, choice_names.size() + 1> said;  // and one for all other names
  for (const auto& m : v.members()) said[choice_names.place(m.name)] = m.value;
  const auto number = said[choice_names["index"]], delta = said[choice_names["delta"]];
  const auto text = said[choice_names["text"]], finish = said[choice_names["finish_reason"]];
  const auto error = said[choice_names["error"]];
  if (error.is(json::kind::object) || finish.literal() == "error") return on_error(v);
  const auto index = number.whole_number();
  auto& of = choice_at(index && *index >= 0 ? *index : position);
  const bool ends = !finish.literal().empty();
  if (delta.exists()) {
    on_delta(delta, of);
    if (ends) annotate(delta, sources_, edits_);
  } else if (text.exists()) {  // the legacy form; beside a delta (Together) it only repeats it
    note_produced({"text", text});
  } else if (chat_ && v.is(json::kind::object) && !v.empty() && !v.find("message").exists()) {
    // Azure's filters speak of text sent before; clients' loops want a delta.
    edits_.insert(v.raw().data() + 1, R"("delta":{},)");
  }
  // "" is how some say null.
  if (!ends) return;
  of.finished = true;
  steady_ = false;
}

void openai_stream::on_delta(json::value delta, choice& of) {
  for (const auto& m : delta.members()) {
    note_produced(m);
    if (m.name == "tool_calls" && is_content(m)) {
      brings_ = of.tools.normalise(m.value, edits_);
      steady_ = steady_ && brings_.data() != nullptr;
    }
    if (m.name == "content") flatten_content(m, edits_);
    if (m.name == "function_call") stringify(m.value.find("arguments"), edits_);
  }
}

void openai_stream::note_produced(const json::member& m) {
  facts_.content_bytes += produced_bytes(m);
  if (!is_content(m)) return;
  facts_.content_seen = true;
  brings_ = m.value.literal();
  ++contents_;
}

openai_stream::choice& openai_stream::choice_at(std::int64_t index) {
  for (auto& c : choices_) {
    if (c.index == index) return c;
  }
  if (choices_.size() >= most_choices) return choices_.back();
  return choices_.emplace_back(index, hash_of(std::to_string(index), hash_of(identity_)));
}

void openai_stream::note_usage(json::value usage) {
  if (!usage.exists()) return;
  const auto reading = read_usage(usage, true);
  if (!reading.tokens && !reading.impossible) return;
  facts_.usage = reading.tokens;
  facts_.usage_impossible = reading.impossible;
  if (wants_usage_) last_usage_ = reading.tokens ? usage.raw() : std::string_view();
}

void openai_stream::remember(json::value root) {
  identified_ = true;
  for (const std::string_view name : {"id", "object", "created", "model"}) {
    const auto v = root.find(name);
    if (v.exists() && v.raw().size() < 1024)
      identity_.append("\"").append(name).append("\":").append(v.raw()).push_back(',');
  }
  if (may_lack_members_) identity_.append(missing_members(root, "chat.completion.chunk", in_));
}

/// Beside choices there are no figures in OpenAI's form: null for who asked, nothing for who did not.
void openai_stream::hide_usage(json::value root) {
  std::string_view before, whole, behind;
  json::value usage;
  for (const auto& m : root.members()) {
    if (m.name == "usage" && !usage.exists()) {
      usage = m.value;
      whole = m.whole();
    } else if (!usage.exists()) {
      before = m.whole();
    } else if (behind.empty()) {
      behind = m.whole();
    }
  }
  if (wants_usage_) {
    if (!usage.is_null()) edits_.replace(usage.raw(), "null");
    return;
  }
  const char* begin = behind.empty() && !before.empty() ? before.data() + before.size() : whole.data();
  const char* end = behind.empty() ? whole.data() + whole.size() : behind.data();
  edits_.erase({begin, static_cast<std::size_t>(end - begin)});
}

void openai_stream::forward(std::string& out) {
  out.append(data_field);
  const std::size_t start = out.size();
  edits_.append_to(out);
  // Data of several lines is white space to JSON and the end of a line to SSE.
  if (std::memchr(out.data() + start, '\n', out.size() - start) != nullptr)
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\n', ' ');
  out.append("\n\n");
}

/// The same guess as the receipt's, marked as one.
std::string openai_stream::estimated_usage() const {
  constexpr std::int64_t bytes_per_token = 4;
  const auto completion = (facts_.content_bytes + bytes_per_token - 1) / bytes_per_token;
  return "{\"prompt_tokens\":" + std::to_string(estimated_prompt_) +
         ",\"completion_tokens\":" + std::to_string(completion) +
         ",\"total_tokens\":" + std::to_string(estimated_prompt_ + completion) + ",\"estimated\":true}";
}

void openai_stream::finish_usage(std::string& out) {
  if (!wants_usage_ || usage_sent_ || usage_untouched_) return;
  if (last_usage_.empty() && facts_.usage_impossible) last_usage_ = estimated_usage();
  if (last_usage_.empty()) return;
  usage_sent_ = true;
  std::replace(last_usage_.begin(), last_usage_.end(), '\n', ' ');
  out.append("data: {").append(identity_).append("\"choices\":[],\"usage\":").append(last_usage_).append("}\n\n");
}

std::unique_ptr<stream_decoder> openai_dialect::open_stream(const answer_input& in,
                                                            std::string_view content_type) const {
  using model::endpoint;
  if (in.asked.kind == endpoint::chat || in.asked.kind == endpoint::completions)
    return std::make_unique<openai_stream>(in, may_lack_members());
  const bool events = to_lower(content_type).find("event-stream") != std::string::npos;
  if (in.asked.kind == endpoint::speech && !events) return std::make_unique<byte_stream>(in, content_type);
  return std::make_unique<event_stream>(in);
}

}  // namespace spidergate::providers::openai
