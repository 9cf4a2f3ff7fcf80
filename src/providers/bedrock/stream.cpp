#include "../anthropic/reading.hpp"
#include "../error_reading.hpp"
#include "bedrock_dialect.hpp"
#include "converse_stream.hpp"
#include "reading.hpp"

#include <algorithm>
#include <utility>

namespace spidergate::providers::bedrock {

namespace {

constexpr std::size_t most_kept = 256 * 1024;
constexpr std::size_t most_open = 64;

}  // namespace

converse_stream::converse_stream(const answer_input& in)
    : memo_(chat_memo::read(in.memo)),
      can_(describe_model(in.model, in.entry)),
      writer_(in),
      holding_(!memo_.json_tool.empty()) {}

bool converse_stream::fail(std::string message) {
  failed_ = true;
  writer_.failed(not_an_answer(std::move(message)));
  return false;
}

bool converse_stream::feed(std::string_view bytes, std::string& out) {
  if (failed_) return false;
  if (facts().error || facts().done) return true;
  framer_.feed(bytes);
  event_message message;
  while (true) {
    switch (framer_.next(message)) {
      case event_stream_framer::step::more:
        return true;
      case event_stream_framer::step::broken:
        return fail("The provider's event stream is broken: " + std::string(framer_.failure()) + ".");
      case event_stream_framer::step::message:
        if (!on_message(message, out)) return false;
        if (facts().error || facts().done) return true;
    }
  }
}

bool converse_stream::end(std::string& out) {
  if (failed_ || facts().error) return false;
  return writer_.end(out);
}

bool converse_stream::on_message(const event_message& message, std::string& out) {
  if (message.message_type == "exception" || message.message_type == "error") {
    on_exception(message);
    return true;
  }
  if (message.event_type.empty()) return true;
  if (!reader_.read(message.payload, json::surrogates::any))
    return fail("An event of the provider's stream is not valid JSON: " + reader_.failure().message + ".");
  on_event(message.event_type, reader_.root(), out);
  return true;
}

void converse_stream::on_exception(const event_message& message) {
  provider_error error;
  error.type = presentable(plain_type(message.exception_type.empty() ? message.error_code : message.exception_type));
  error.message = presentable(message.error_message);
  if (reader_.read(message.payload, json::surrogates::any)) {
    const auto root = reader_.root();
    // "ModelStreamErrorException" says in these what the model itself said.
    for (const std::string_view name : {"originalMessage", "message", "Message"}) {
      if (error.message.empty()) error.message = presentable(root.find(name).text());
    }
    const auto status = root.find("originalStatusCode").whole_number();
    if (status && *status >= 400 && *status <= 599) error.status = static_cast<int>(*status);
  }
  if (error.message.empty()) error.message = "The provider broke off with " + error.type + ".";
  classify_aws(error);
  writer_.failed(std::move(error));
}

void converse_stream::on_event(std::string_view type, json::value event, std::string& out) {
  if (type == "contentBlockDelta") {
    on_delta(event, out);
  } else if (type == "contentBlockStart") {
    on_block_start(event, out);
  } else if (type == "contentBlockStop") {
    on_block_stop(event, out);
  } else if (type == "messageStop") {
    on_message_stop(event, out);
  } else if (type == "metadata") {
    on_metadata(event);
  }
}

/// Blocks of text are begun by their first delta; more than a few are never open at a time.
converse_stream::open_block& converse_stream::block_at(json::value event) {
  const auto index = event.find("contentBlockIndex").whole_number().value_or(0);
  const auto found =
      std::find_if(open_.begin(), open_.end(), [index](const open_block& b) { return b.index == index; });
  if (found != open_.end()) return *found;
  if (open_.size() >= most_open) open_.erase(open_.begin());
  auto& b = open_.emplace_back();
  b.index = index;
  b.start = position_;
  return b;
}

void converse_stream::on_block_start(json::value event, std::string& out) {
  const auto use = event.find("start").find("toolUse");
  auto& b = block_at(event);
  if (event.find("start").find("toolResult").exists()) b.is = block::server;
  if (!use.exists()) return;
  const auto name = use.find("name").literal();
  if (use.find("type").literal() == "server_tool_use") {
    b.is = block::server;
    searches_ += name == "nova_grounding" ? 1 : 0;
  } else if (!memo_.json_tool.empty() && name == memo_.json_tool) {
    b.is = block::answer;
    answered_by_tool_ = true;
  } else {
    b.is = block::call;
    b.call = writer_.call(out, use.find("toolUseId").literal(), name);
  }
}

void converse_stream::on_delta(json::value event, std::string& out) {
  auto& b = block_at(event);
  const auto delta = event.find("delta");
  for (const auto& m : delta.members()) {
    if (m.name == "text") text(b, m.value.literal(), out);
    if (m.name == "toolUse") arguments(b, m.value.find("input").literal(), out);
    if (m.name == "reasoningContent") on_reasoning(b, m.value, out);
    if (m.name == "citation") keep_citation(b, m.value, out);
    if (m.name == "image" && b.is == block::plain) {
      const auto bytes = m.value.find("source").find("bytes").literal();
      if (!bytes.empty()) {
        std::string object = R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)";
        writer_.image(out, object.append(bytes).append("\"}}"));
      }
    }
  }
}

void converse_stream::text(open_block& b, std::string_view literal, std::string& out) {
  if (literal.empty() || b.is == block::server) return;
  if (!std::exchange(b.any_text, true)) last_start_ = b.start = position_;
  position_ += anthropic::characters_in(literal);
  if (!holding_) {
    writer_.content(out, literal);
    return;
  }
  if (answered_by_tool_) return;
  held_.append(literal);
  if (held_.size() <= most_kept) return;
  holding_ = false;
  writer_.content(out, std::exchange(held_, {}));
}

void converse_stream::arguments(open_block& b, std::string_view literal, std::string& out) {
  if (literal.empty()) return;
  b.any_arguments = true;
  if (b.is == block::answer) writer_.content(out, literal);
  if (b.is == block::call) writer_.arguments(out, b.call, literal);
}

void converse_stream::on_reasoning(open_block& b, json::value reasoning, std::string& out) {
  if (memo_.hides_reasoning) return;
  if (const auto literal = reasoning.find("text").literal(); !literal.empty()) {
    writer_.reasoning(out, literal);
    b.thinking.append(literal);
    // Too long to be kept: what there is goes out unsigned, to be put together by its index.
    if (b.thinking.size() > most_kept && can_.of == vendor::anthropic) {
      writer_.reasoning_detail(out, chat::reasoning_text(b.thinking, {}, can_.reasoning_format, details_));
    }
    if (b.thinking.size() > most_kept) b.thinking.clear();
  }
  if (const auto literal = reasoning.find("signature").literal(); b.signature.size() + literal.size() <= most_kept)
    b.signature.append(literal);
  if (const auto sealed = reasoning.find("redactedContent").literal(); !sealed.empty())
    writer_.reasoning_detail(out, sealed_thought(sealed, can_.reasoning_format, details_++));
}

void converse_stream::keep_citation(open_block& b, json::value citation, std::string& out) {
  if (b.is != block::plain || !citation.is(json::kind::object)) return;
  b.citation_bytes += citation.raw().size();
  b.citations.emplace_back(citation.raw());
  if (b.citation_bytes > most_kept) write_citations(b, out);
}

/// Each has its text in its own block, or in the one before.
void converse_stream::write_citations(open_block& b, std::string& out) {
  const auto kept = std::exchange(b.citations, {});
  b.citation_bytes = 0;
  if (kept.empty() || holding_) return;
  json::reader reader;
  std::string documents;
  for (const auto& raw : kept) {
    if (!reader.read(raw, json::surrogates::any)) continue;
    const auto annotation = annotation_of(reader.root(), b.any_text ? b.start : last_start_, position_);
    if (!annotation.empty()) {
      writer_.annotation(out, annotation);
    } else {
      documents.append(documents.empty() ? "" : ",").append(raw);
    }
  }
  if (!documents.empty()) writer_.extra(out, ",\"citations\":[" + documents + "]", 0);
}

void converse_stream::write_thought(open_block& b, std::string& out) {
  if (b.signature.empty()) return;
  writer_.reasoning_detail(out, chat::reasoning_text(b.thinking, b.signature, can_.reasoning_format, details_++));
  b.signature.clear();
  b.thinking.clear();
}

void converse_stream::close_block(open_block& b, std::string& out) {
  write_citations(b, out);
  write_thought(b, out);
  // A call without arguments is one with none.
  if ((b.is == block::call || b.is == block::answer) && !b.any_arguments) arguments(b, "{}", out);
}

void converse_stream::on_block_stop(json::value event, std::string& out) {
  const auto index = block_at(event).index;
  close_block(block_at(event), out);
  std::erase_if(open_, [index](const open_block& b) { return b.index == index; });
}

void converse_stream::on_message_stop(json::value event, std::string& out) {
  for (auto& b : open_) close_block(b, out);
  open_.clear();
  if (!answered_by_tool_ && !held_.empty()) writer_.content(out, held_);
  held_.clear();
  const auto reason = event.find("stopReason").text().substr(0, 64);
  if (is_malformed(reason) && !facts().content_seen) {
    writer_.failed(not_an_answer("The model wrote something that makes no sense (" + presentable(reason) + ")."));
    return;
  }
  auto how = finish_of(reason);
  const bool no_calls = how == chat::finish::tool_calls && !writer_.has_calls();
  if (no_calls) how = chat::finish::stop;
  writer_.finished(out, how, answered_by_tool_ && no_calls ? std::string() : reason);
  stopped_ = true;
}

/// The last event: what was used.
void converse_stream::on_metadata(json::value event) {
  bool impossible = false;
  if (auto used = read_usage(event.find("usage"), impossible)) {
    used->web_searches = searches_;
    writer_.used(*used);
  }
  if (impossible) writer_.usage_impossible();
  std::string members;
  if (const auto tier = event.find("serviceTier").find("type"); tier.is(json::kind::string))
    members.append(",\"service_tier\":").append(tier.raw());
  if (const auto trace = event.find("trace"); trace.is(json::kind::object))
    members.append(",\"trace\":").append(trace.raw());
  if (!members.empty()) writer_.last_extra(std::move(members));
  if (stopped_) writer_.done();
}

std::unique_ptr<stream_decoder> bedrock_dialect::open_stream(const answer_input& in, std::string_view) const {
  return std::make_unique<converse_stream>(in);
}

}  // namespace spidergate::providers::bedrock
