#include "message_events.hpp"

#include "../error_reading.hpp"

#include <spidergate/json/reader.hpp>

#include <algorithm>

namespace spidergate::providers::anthropic {

namespace {

constexpr std::size_t most_kept = 256 * 1024;
constexpr std::size_t most_open = 64;

}  // namespace

message_events::message_events(const answer_input& in)
    : memo_text_(in.memo), memo_(read_memo(memo_text_)), writer_(in), holding_(!memo_.answer_tool.empty()) {}

void message_events::on_event(json::value event, std::string& out) {
  repeatable_ = {};
  if (over()) return;
  const auto type = event.find("type").literal();
  if (type == "content_block_delta") {
    on_delta(event, out);
  } else if (type == "message_start") {
    on_message(event.find("message"));
  } else if (type == "content_block_start") {
    on_block(event, out);
  } else if (type == "content_block_stop") {
    on_block_end(event, out);
  } else if (type == "message_delta") {
    on_message_delta(event, out);
  } else if (type == "message_stop") {
    writer_.done();
  } else if (type == "error" || event.find("error").is(json::kind::object)) {
    on_error(event);
  }
}

void message_events::on_error(json::value root) {
  writer_.failed(in_band_error(root));
}

void message_events::on_message(json::value message) {
  writer_.identify(message.find("id").literal(), message.find("model").literal());
  // What it says of the output is no more than a beginning, so the figures are not told yet.
  counts_.read(message.find("usage"));
}

message_events::open_block* message_events::find(std::int64_t index) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [index](const open_block& b) { return b.index == index; });
  return found == open_.end() ? nullptr : &*found;
}

void message_events::on_block(json::value event, std::string& out) {
  const auto content = event.find("content_block");
  const auto type = content.find("type").literal();
  const auto index = event.find("index").whole_number().value_or(0);
  if (open_.size() >= most_open || find(index) != nullptr) {
    return fail(not_an_answer("The provider's stream begins a block anew before it has ended."));
  }
  auto& b = open_.emplace_back();
  b.index = index;
  b.start = position_;
  if (type == "text") {
    b.is = block::text;
    text(out, content.find("text").literal());
    for (const auto citation : content.find("citations").elements()) keep_citation(out, b, citation);
  } else if (type == "thinking") {
    b.is = block::thinking;
    const auto begun = content.find("thinking").literal();
    b.thinking = begun.substr(0, most_kept);
    b.signature = content.find("signature").literal();
    if (!memo_.hide_reasoning) writer_.reasoning(out, begun);
  } else if (type == "redacted_thinking") {
    b.is = block::redacted;
    if (memo_.hide_reasoning) return;
    writer_.reasoning_detail(
        out, chat::reasoning_encrypted(content.find("data").literal(), {}, reasoning_format, details_++));
  } else if (type == "tool_use") {
    const auto name = content.find("name").literal();
    const bool answer = !memo_.answer_tool.empty() && name == memo_.answer_tool;
    b.is = answer ? block::answer : block::call;
    answered_by_tool_ = answered_by_tool_ || answer;
    if (!answer) b.call = writer_.call(out, content.find("id").literal(), name);
    const auto input = content.find("input");
    if (input.is(json::kind::object) && !input.empty()) arguments(out, b, as_literal(input));
  }
}

void message_events::on_delta(json::value event, std::string& out) {
  auto* b = find(event.find("index").whole_number().value_or(0));
  if (b == nullptr) return;
  const auto delta = event.find("delta");
  const auto type = delta.find("type").literal();
  const auto before = out.size();
  const bool held_back = holding_;
  auto as = block::other;
  std::string_view brought;
  if (type == "text_delta") {
    brought = delta.find("text").literal();
    if (b->is == block::text) text(out, brought);
    as = block::text;
  } else if (type == "input_json_delta") {
    brought = delta.find("partial_json").literal();
    arguments(out, *b, brought);
  } else if (type == "thinking_delta") {
    if (memo_.hide_reasoning) return;
    brought = delta.find("thinking").literal();
    writer_.reasoning(out, brought);
    keep_thinking(out, *b, brought);
    as = block::thinking;
  } else if (type == "signature_delta") {
    const auto literal = delta.find("signature").literal();
    if (b->signature.size() + literal.size() <= most_kept) b->signature.append(literal);
  } else if (type == "citations_delta") {
    keep_citation(out, *b, delta.find("citation"));
  }
  if (out.size() == before || brought.empty() || held_back || memo_.only_json || !writer_.text_place()) return;
  repeatable_ = brought;
  goes_on_ = b;
  repeats_as_ = as;
}

void message_events::on_text(std::string_view text_json, bool escaped, std::string& out) {
  writer_.repeated(text_json, escaped);
  if (repeats_as_ == block::text) position_ += characters_in(text_json);
  if (repeats_as_ == block::thinking) keep_thinking(out, *goes_on_, text_json);
}

void message_events::keep_thinking(std::string& out, open_block& b, std::string_view literal) {
  b.thinking.append(literal);
  if (b.thinking.size() <= most_kept) return;
  // Too long to be kept: what there is goes out unsigned, to be put together by its index.
  writer_.reasoning_detail(out, chat::reasoning_text(b.thinking, {}, reasoning_format, details_));
  b.thinking.clear();
}

void message_events::text(std::string& out, std::string_view literal) {
  if (literal.empty()) return;
  if (holding_) {
    held_.append(literal);
    if (held_.size() <= most_kept || answered_by_tool_) return;
    holding_ = false;
    position_ += characters_in(held_);
    writer_.content(out, std::exchange(held_, {}));
    return;
  }
  position_ += characters_in(literal);
  if (memo_.only_json) {
    writer_.content(out, fence_.pass(literal));
  } else {
    writer_.content(out, literal);
  }
}

void message_events::arguments(std::string& out, open_block& b, std::string_view literal) {
  if (literal.empty()) return;
  b.any_arguments = true;
  if (b.is == block::answer) writer_.content(out, literal);
  if (b.is == block::call) writer_.arguments(out, b.call, literal);
}

void message_events::keep_citation(std::string& out, open_block& b, json::value citation) {
  if (b.is != block::text || !citation.is(json::kind::object)) return;
  b.citation_bytes += citation.raw().size();
  b.citations.emplace_back(citation.raw());
  if (b.citation_bytes > most_kept) write_citations(out, b);
}

void message_events::write_citations(std::string& out, open_block& b) {
  const auto kept = std::exchange(b.citations, {});
  b.citation_bytes = 0;
  if (kept.empty() || holding_) return;
  json::reader reader;
  std::string documents;
  for (const auto& raw : kept) {
    if (!reader.read(raw, json::surrogates::any)) continue;
    const auto annotation = annotation_of(reader.root(), b.start, position_);
    if (!annotation.empty()) {
      writer_.annotation(out, annotation);
    } else {
      documents.append(documents.empty() ? "" : ",").append(raw);
    }
  }
  if (!documents.empty()) writer_.extra(out, ",\"citations\":[" + documents + "]", 0);
}

void message_events::on_block_end(json::value event, std::string& out) {
  const auto index = event.find("index").whole_number().value_or(0);
  auto* b = find(index);
  if (b == nullptr) return;
  if (b->is == block::text) write_citations(out, *b);
  if (b->is == block::thinking && !memo_.hide_reasoning && !(b->thinking.empty() && b->signature.empty())) {
    writer_.reasoning_detail(out, chat::reasoning_text(b->thinking, b->signature, reasoning_format, details_));
  }
  if (b->is == block::thinking) ++details_;
  // A call without arguments is one with none.
  if ((b->is == block::call || b->is == block::answer) && !b->any_arguments) arguments(out, *b, "{}");
  std::erase_if(open_, [index](const open_block& o) { return o.index == index; });
}

void message_events::on_message_delta(json::value event, std::string& out) {
  const auto delta = event.find("delta");
  const auto usage = event.find("usage");
  if (usage.find("output_tokens").given()) on_usage(usage);
  const auto reason = delta.find("stop_reason").text().substr(0, 64);
  if (reason.empty()) return;
  finish_texts(out);
  auto how = finish_of(reason);
  if (how == chat::finish::content_filter && !writer_.facts().content_seen) {
    writer_.refusal(out, delta.find("stop_details").find("explanation").literal());
  }
  const bool only_answer = answered_by_tool_ && !writer_.has_calls() && how == chat::finish::tool_calls;
  if (only_answer) {
    writer_.finished(out, chat::finish::stop);
  } else {
    writer_.finished(out, how, reason);
  }
}

void message_events::on_usage(json::value usage) {
  counts_.read(usage);
  if (const auto total = counts_.total()) {
    writer_.used(*total);
  } else if (counts_.impossible()) {
    writer_.usage_impossible();
  }
}

/// What was held back in case that it is not to be shown.
void message_events::finish_texts(std::string& out) {
  if (memo_.only_json) writer_.content(out, fence_.finish());
  if (!answered_by_tool_ && !held_.empty()) writer_.content(out, held_);
  held_.clear();
}

bool message_events::end(std::string& out) {
  return writer_.end(out);
}

}  // namespace spidergate::providers::anthropic
