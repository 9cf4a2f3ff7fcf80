#include "event_stream.hpp"

#include "../error_reading.hpp"
#include "answers.hpp"
#include "byte_stream.hpp"
#include "images.hpp"
#include "transcripts.hpp"
#include "usage.hpp"

#include <algorithm>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;

bool ends_answer(std::string_view type) {
  return type.ends_with(".done") || type.ends_with(".completed");
}

std::string_view first_text(json::value root) {
  for (const std::string_view name : {"delta", "audio", "b64_json"}) {
    if (const auto v = root.find(name); v.is(json::kind::string)) return v.literal();
  }
  return {};
}

}  // namespace

bool event_stream::on_event(const sse_event& event, std::string& out) {
  if (event.data.empty()) return true;
  if (trimmed(event.data) == "[DONE]") {
    facts_.done = true;
    return true;
  }
  if (!reader_.read(event.data, json::surrogates::any)) return fail_to_read(reader_.failure().message);
  const auto root = reader_.root();
  if (!root.is(json::kind::object)) return fail("An event of the provider's stream is JSON, but no object.");
  const auto type = root.find("type").literal();
  if (event.type == "error" || type == "error" || root.find("error").given()) {
    facts_.error = in_band(root);
    return true;
  }
  if (const auto text = first_text(root); !text.empty()) {
    facts_.content_seen = true;
    facts_.content_bytes += static_cast<std::int64_t>(text.size());
  }
  if (ends_answer(type)) on_end_of_answer(root);
  if (!event.type.empty()) out.append("event: ").append(event.type).push_back('\n');
  const std::size_t start = out.size();
  out.append("data: ").append(event.data);
  // Data of several lines is white space to JSON and the end of a line to SSE.
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\n', ' ');
  out.append("\n\n");
  return true;
}

void event_stream::on_end_of_answer(json::value root) {
  facts_.finished = true;
  if (in_.asked.kind == endpoint::images) {
    facts_.usage = image_usage(in_.asked, root, ++images_);
  } else if (in_.asked.kind == endpoint::speech) {
    // Three quarters: the sound came as base64.
    auto used = speech_usage(in_, facts_.content_bytes / 4 * 3);
    if (const auto said = read_usage(root.find("usage"), true).tokens) {
      used.prompt = said->prompt;
      used.completion = used.audio_completion = said->completion;
      used.estimated = false;
    }
    facts_.usage = std::move(used);
  } else {
    facts_.usage = transcript_usage(root);
    if (!facts_.content_seen) facts_.content_seen = !root.find("text").literal().empty();
  }
}

}  // namespace spidergate::providers::openai
