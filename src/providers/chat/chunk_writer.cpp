#include "answer.hpp"
#include "invented.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>

namespace spidergate::providers::chat {

namespace {

/// Raw JSON may hold line ends between its tokens, which would end the event.
void append_one_line(std::string& out, std::string_view raw) {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out.append(raw);
  std::replace_if(out.begin() + start, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace

chunk_writer::chunk_writer(const answer_input& in) : in_(in), legacy_(in_legacy_form(in.asked)) {}

void chunk_writer::identify(std::string_view id_json, std::string_view model_json, std::int64_t created) {
  if (!head_.empty()) return;
  // An id is a word, not a book: it is repeated in every chunk.
  constexpr std::size_t longest = 512;
  if (!id_json.empty() && id_json.size() <= longest) id_json_ = id_json;
  if (!model_json.empty() && model_json.size() <= longest) model_json_ = model_json;
  if (created != 0) created_ = created;
}

void chunk_writer::begin_stream() {
  if (!head_.empty()) return;
  head_.append(R"(data: {"id":")").append(id_json_.empty() ? invented_id(in_) : id_json_);
  head_.append(R"(","object":"chat.completion.chunk","created":)");
  append_json_number(head_, created_ != 0 ? created_ : in_.now / 1000);
  head_.append(",\"model\":");
  if (model_json_.empty()) {
    append_json_string(head_, in_.model);
  } else {
    head_.append("\"").append(model_json_).append("\"");
  }
  head_.append(",\"choices\":[");
}

chunk_writer::choice_state& chunk_writer::state_of(std::int64_t choice) {
  for (auto& c : choices_) {
    if (c.index == choice) return c;
  }
  if (choices_.size() >= most_choices) return choices_.back();
  facts_.finished = false;
  return choices_.emplace_back(choice_state{.index = choice});
}

/// Up to the inside of the delta, where one member follows.
void chunk_writer::open_chunk(std::string& out, choice_state& of) {
  begin_stream();
  out.append(head_).append("{\"index\":");
  append_json_number(out, of.index);
  out.append(",\"delta\":{");
  text_place_.reset();
  role_written_ = !of.begun;
  if (!of.begun) out.append("\"role\":\"assistant\",");
  of.begun = true;
}

/// REQUIRES: the delta has a member, or ends with a comma.
void chunk_writer::close_chunk(std::string& out, std::string_view finish_reason) {
  if (out.back() == ',') out.pop_back();
  out.append("},\"finish_reason\":");
  if (finish_reason.empty()) {
    out.append("null}]}\n\n");
  } else {
    out.append("\"").append(finish_reason).append("\"");
  }
}

void chunk_writer::produced(std::string_view text_json) {
  facts_.content_seen = true;
  facts_.content_bytes += static_cast<std::int64_t>(json::unescaped_size(text_json));
}

void chunk_writer::repeated(std::string_view text_json, bool escaped) {
  facts_.content_bytes += static_cast<std::int64_t>(escaped ? json::unescaped_size(text_json) : text_json.size());
}

void chunk_writer::put_text(std::string& out, std::string_view text_json) {
  if (!role_written_) text_place_ = out.size();
  out.append(text_json);
  produced(text_json);
}

void chunk_writer::text(std::string& out, std::string_view member, std::string_view text_json, std::int64_t choice) {
  if (text_json.empty()) return;
  open_chunk(out, state_of(choice));
  out.append(member);
  put_text(out, text_json);
  out.push_back('"');
  close_chunk(out);
}

void chunk_writer::content(std::string& out, std::string_view text_json, std::int64_t choice) {
  text(out, "\"content\":\"", text_json, choice);
}

void chunk_writer::reasoning(std::string& out, std::string_view text_json, std::int64_t choice) {
  text(out, "\"reasoning_content\":\"", text_json, choice);
}

void chunk_writer::refusal(std::string& out, std::string_view text_json, std::int64_t choice) {
  text(out, "\"refusal\":\"", text_json, choice);
}

void chunk_writer::object(std::string& out, std::string_view member, std::string_view raw, std::int64_t choice) {
  if (raw.empty()) return;
  open_chunk(out, state_of(choice));
  out.append(member);
  append_one_line(out, raw);
  out.push_back(']');
  close_chunk(out);
  facts_.content_seen = true;
}

void chunk_writer::reasoning_detail(std::string& out, std::string_view raw, std::int64_t choice) {
  object(out, "\"reasoning_details\":[", raw, choice);
}

void chunk_writer::annotation(std::string& out, std::string_view raw, std::int64_t choice) {
  object(out, "\"annotations\":[", raw, choice);
}

void chunk_writer::image(std::string& out, std::string_view raw, std::int64_t choice) {
  object(out, "\"images\":[", raw, choice);
}

void chunk_writer::extra(std::string& out, std::string_view members, std::int64_t counts, std::int64_t choice) {
  if (members.starts_with(',')) members.remove_prefix(1);
  if (members.empty()) return;
  open_chunk(out, state_of(choice));
  append_one_line(out, members);
  close_chunk(out);
  if (counts <= 0) return;
  facts_.content_seen = true;
  facts_.content_bytes += counts;
}

std::int64_t chunk_writer::call(std::string& out, std::string_view id_json, std::string_view name_json,
                                std::int64_t choice, std::string_view extra) {
  auto& of = state_of(choice);
  const auto index = of.calls++;
  open_chunk(out, of);
  // A client of `functions` knows of one call only; further ones are better shown in the newer form than lost.
  if (legacy_ && index == 0) {
    out.append(R"("function_call":{"name":")").append(name_json).append(R"(","arguments":""})");
  } else {
    out.append("\"tool_calls\":[{\"index\":");
    append_json_number(out, index);
    out.append(",\"id\":\"");
    out.append(id_json.empty() ? invented_call_id(in_, choice, index, name_json) : std::string(id_json));
    out.append(R"(","type":"function","function":{"name":")").append(name_json).append(R"(","arguments":""})");
    append_one_line(out, extra);
    out.append("}]");
  }
  close_chunk(out);
  produced(name_json);
  return index;
}

void chunk_writer::arguments(std::string& out, std::int64_t call_index, std::string_view text_json,
                             std::int64_t choice) {
  if (text_json.empty()) return;
  open_chunk(out, state_of(choice));
  if (legacy_ && call_index == 0) {
    out.append(R"("function_call":{"arguments":")");
    put_text(out, text_json);
    out.append("\"}");
  } else {
    out.append("\"tool_calls\":[{\"index\":");
    append_json_number(out, call_index);
    out.append(R"(,"function":{"arguments":")");
    put_text(out, text_json);
    out.append("\"}}]");
  }
  close_chunk(out);
}

void chunk_writer::logprobs(std::string& out, std::string_view raw, std::int64_t choice) {
  if (raw.empty()) return;
  open_chunk(out, state_of(choice));
  if (out.back() == ',') out.pop_back();
  out.append("},\"logprobs\":");
  append_one_line(out, raw);
  out.append(",\"finish_reason\":null}]}\n\n");
}

void chunk_writer::finished(std::string& out, finish how, std::string_view native, std::int64_t choice) {
  auto& of = state_of(choice);
  if (of.finished || how == finish::none) return;
  of.finished = true;
  if (of.calls > 0 && how == finish::stop) how = finish::tool_calls;
  const auto name = how == finish::tool_calls && legacy_ && of.calls == 1 ? "function_call" : finish_name(how);
  const bool bare = !of.begun;
  open_chunk(out, of);
  if (bare) out.append("\"content\":\"\"");
  close_chunk(out, name);
  if (!native.empty() && native != name) {
    out.append(",\"native_finish_reason\":");
    append_json_string(out, native);
  }
  out.append("}]");
  append_one_line(out, last_extra_);
  out.append("}\n\n");
  last_extra_.clear();
  facts_.finished = std::all_of(choices_.begin(), choices_.end(), [](const choice_state& c) { return c.finished; });
}

bool chunk_writer::has_calls(std::int64_t choice) const noexcept {
  return std::any_of(choices_.begin(), choices_.end(),
                     [choice](const choice_state& c) { return c.index == choice && c.calls > 0; });
}

bool chunk_writer::end(std::string& out) {
  if (facts_.error || !(facts_.finished || facts_.done)) return false;
  if (std::exchange(ended_, true)) return true;
  begin_stream();
  if (!last_extra_.empty()) {
    // A delta of nothing: clients take the first choice of every chunk but the one of usage.
    open_chunk(out, state_of(0));
    if (out.back() == ',') out.pop_back();
    out.append("},\"finish_reason\":null}]");
    append_one_line(out, last_extra_);
    out.append("}\n\n");
  }
  if (!in_.asked.include_usage) return true;
  out.append(head_).append("],");
  if (facts_.usage) {
    append_usage(out, *facts_.usage);
  } else {
    append_estimate(out, in_.asked, facts_.content_bytes);
  }
  out.append("}\n\n");
  return true;
}

}  // namespace spidergate::providers::chat
