#include "candidate.hpp"

#include "../error_reading.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/plain_run.hpp>

#include <algorithm>
#include <array>
#include <functional>

namespace spidergate::providers::gemini {

namespace {

using chat::finish;

struct reason_row {
  std::string_view name;
  finish how;
  bool broken = false;
};
// In the order of their numbers, which come with enum-encoding=int; what follows has names alone.
constexpr std::array reasons{reason_row{"FINISH_REASON_UNSPECIFIED", finish::stop},
                             reason_row{"STOP", finish::stop},
                             reason_row{"MAX_TOKENS", finish::length},
                             reason_row{"SAFETY", finish::content_filter},
                             reason_row{"RECITATION", finish::content_filter},
                             reason_row{"OTHER", finish::stop},
                             reason_row{"LANGUAGE", finish::content_filter},
                             reason_row{"BLOCKLIST", finish::content_filter},
                             reason_row{"PROHIBITED_CONTENT", finish::content_filter},
                             reason_row{"SPII", finish::content_filter},
                             reason_row{"MALFORMED_FUNCTION_CALL", finish::stop, true},
                             reason_row{"IMAGE_SAFETY", finish::content_filter},
                             reason_row{"UNEXPECTED_TOOL_CALL", finish::stop, true},
                             reason_row{"TOO_MANY_TOOL_CALLS", finish::stop, true},
                             reason_row{"MISSING_THOUGHT_SIGNATURE", finish::stop, true},
                             reason_row{"MALFORMED_RESPONSE", finish::stop, true},
                             reason_row{"IMAGE_PROHIBITED_CONTENT", finish::content_filter},
                             reason_row{"IMAGE_RECITATION", finish::content_filter},
                             reason_row{"MODEL_ARMOR", finish::content_filter}};
constexpr std::int64_t numbered = 12;

void append_token(std::string& out, json::value candidate) {
  const auto token = candidate.find("token");
  out.append("{\"token\":").append(token.is(json::kind::string) ? token.raw() : std::string_view("\"\""));
  const auto logprob = candidate.find("logProbability");
  out.append(",\"logprob\":").append(logprob.is(json::kind::number) ? logprob.raw() : std::string_view("0"));
  out.append(",\"bytes\":[");
  const auto plain = token.text();
  for (const char c : plain) out.append(std::to_string(static_cast<unsigned char>(c))).push_back(',');
  if (out.back() == ',') out.pop_back();
  out.append("]");
}

}  // namespace

finish_reading read_finish(json::value reason) {
  const auto number = reason.whole_number();
  const auto* row = reasons.begin();
  if (number) {
    if (*number == 0) return {};
    row = *number > 0 && *number < numbered ? reasons.begin() + *number : reasons.end();
  } else {
    if (reason.literal().empty()) return {};
    row = std::find_if(reasons.begin(), reasons.end(), [&](const reason_row& r) { return r.name == reason.literal(); });
  }
  if (row != reasons.end()) return {row->how, std::string(row->name), row->broken};
  // A word of tomorrow: whatever it says, the answer has ended.
  return {finish::stop, presentable(number ? reason.raw() : reason.literal()), false};
}

provider_error broken_answer(json::value candidate, const finish_reading& how) {
  auto error = not_an_answer("The model's answer could not be used (" + how.native + ").");
  const auto said = candidate.find("finishMessage");
  if (!said.literal().empty()) error.message = presentable(said.text());
  error.code = how.native;
  return error;
}

std::string refusal_of(json::value prompt_feedback) {
  const auto said = prompt_feedback.find("blockReasonMessage");
  if (!said.literal().empty()) return std::string(said.literal());
  const auto reason = prompt_feedback.find("blockReason");
  std::string text = "The prompt was blocked by the provider";
  if (!reason.literal().empty()) text.append(" (").append(reason.literal()).append(")");
  return text.append(".");
}

std::string arguments_of(json::value function_call) {
  const auto raw = function_call.find("args").raw();
  std::string out;
  out.reserve(raw.size() + raw.size() / 8);
  bool in_string = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
    if (c == '\\') {
      // An escape inside of a string: both of its bytes, escaped once more.
      const char next = raw[++i];
      out.append("\\\\");
      if (next == '"' || next == '\\') out.push_back('\\');
      out.push_back(next);
      continue;
    }
    if (c == '"') {
      in_string = !in_string;
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out.empty() ? "{}" : out;
}

std::string logprobs_of(json::value result) {
  std::vector<json::value> tops;
  for (const auto top : result.find("topCandidates").elements()) tops.push_back(top);
  std::string out;
  std::size_t index = 0;
  for (const auto chosen : result.find("chosenCandidates").elements()) {
    out.append(out.empty() ? "{\"content\":[" : ",");
    append_token(out, chosen);
    out.append(",\"top_logprobs\":[");
    bool first = true;
    if (index < tops.size()) {
      for (const auto other : tops[index].find("candidates").elements()) {
        if (!first) out.push_back(',');
        append_token(out, other);
        out.push_back('}');
        first = false;
      }
    }
    out.append("]}");
    ++index;
  }
  if (!out.empty()) out.append("],\"refusal\":null}");
  return out;
}

std::string image_of(json::value inline_data) {
  const auto type = inline_data.find("mimeType").literal();
  const auto data = inline_data.find("data").literal();
  if (!type.starts_with("image/") || data.empty()) return {};
  std::string out;
  out.reserve(type.size() + data.size() + 64);
  out.append(R"({"type":"image_url","image_url":{"url":"data:)").append(type).append(";base64,").append(data);
  return out.append("\"}}");
}

void text_positions::add_character(std::int64_t size) {
  constexpr std::size_t most_wide = 65'536;
  bytes_ += size;
  if (size == 1) return;
  surplus_ += size - 1;
  if (wide_.size() < most_wide) {
    wide_.emplace_back(bytes_, surplus_);
  } else {
    complete_ = false;
  }
}

void text_positions::add(std::string_view literal) {
  const auto hex = [&literal](std::size_t at) {
    std::uint32_t code = 0;
    for (std::size_t i = at; i < at + 4 && i < literal.size(); ++i) {
      const char c = literal[i];
      code = code << 4U | static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
  };
  for (std::size_t i = 0; i < literal.size();) {
    const auto c = static_cast<unsigned char>(literal[i]);
    if (c == '\\' && i + 1 < literal.size() && literal[i + 1] == 'u') {
      const auto code = hex(i + 2);
      const bool pair = code >= 0xD800 && code < 0xDC00 && literal.substr(i + 6, 2) == "\\u";
      add_character(pair ? 4 : code < 0x80 ? 1 : code < 0x800 ? 2 : 3);
      i += pair ? 12 : 6;
    } else if (c == '\\') {
      add_character(1);
      i += 2;
    } else if (c < 0x80) {
      const auto run = json::plain_run(literal.substr(i));
      bytes_ += static_cast<std::int64_t>(run);
      i += run;
    } else {
      const std::size_t size = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
      add_character(static_cast<std::int64_t>(size));
      i += size;
    }
  }
}

std::int64_t text_positions::characters_at(std::int64_t bytes) const noexcept {
  if (bytes < 0 || bytes > bytes_) return -1;
  const auto behind = std::upper_bound(wide_.begin(), wide_.end(), bytes,
                                       [](std::int64_t wanted, const auto& entry) { return wanted < entry.first; });
  if (behind == wide_.end() && !complete_) return -1;
  return bytes - (behind == wide_.begin() ? 0 : std::prev(behind)->second);
}

void citations::add(json::value source, json::value segment, std::int64_t shift, const text_positions& text,
                    std::vector<std::string>& out) {
  constexpr std::size_t most = 1'000;
  const auto uri = source.find("uri");
  const auto title = source.find("title");
  const std::size_t size = uri.raw().size() + title.raw().size() + 128;
  if (uri.literal().empty() || given_.size() >= most || size > room_) return;
  room_ -= size;
  std::string made = R"({"type":"url_citation","url_citation":{"url":)";
  made.append(uri.raw());
  made.append(",\"title\":").append(title.is(json::kind::string) ? title.raw() : std::string_view("\"\""));
  if (segment.find("endIndex").exists()) {
    const auto start = text.characters_at(segment.find("startIndex").whole_number().value_or(0) + shift);
    const auto end = text.characters_at(segment.find("endIndex").whole_number().value_or(-1) + shift);
    if (start >= 0 && end >= start) {
      made.append(",\"start_index\":").append(std::to_string(start));
      made.append(",\"end_index\":").append(std::to_string(end));
    }
  }
  made.append("}}");
  const auto hash = std::hash<std::string>()(made);
  if (std::find(given_.begin(), given_.end(), hash) != given_.end()) return;
  given_.push_back(hash);
  out.push_back(std::move(made));
}

std::vector<std::string> citations::take(json::value candidate, const text_positions& text,
                                         const std::vector<std::int64_t>& part_starts) {
  std::vector<std::string> out;
  room_ = 16 * 1024 + 4 * candidate.raw().size();
  const auto grounding = candidate.find("groundingMetadata");
  std::vector<json::value> chunks;
  for (const auto chunk : grounding.find("groundingChunks").elements()) {
    auto source = chunk.find("web");
    if (!source.exists()) source = chunk.find("retrievedContext");
    if (!source.exists()) source = chunk.find("maps");
    chunks.push_back(source);
  }
  std::vector<bool> cited(chunks.size());
  for (const auto support : grounding.find("groundingSupports").elements()) {
    const auto segment = support.find("segment");
    const auto part = segment.find("partIndex").whole_number().value_or(0);
    const bool placed = part >= 0 && static_cast<std::size_t>(part) < part_starts.size();
    const auto shift = placed ? part_starts[static_cast<std::size_t>(part)] : 0;
    for (const auto number : support.find("groundingChunkIndices").elements()) {
      const auto index = number.whole_number().value_or(-1);
      if (index < 0 || static_cast<std::size_t>(index) >= chunks.size()) continue;
      cited[static_cast<std::size_t>(index)] = true;
      add(chunks[static_cast<std::size_t>(index)], segment, shift, text, out);
    }
  }
  // What was read and stands behind no sentence of its own is a source all the same.
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (!cited[i]) add(chunks[i], {}, 0, text, out);
  }
  const auto recited = candidate.find("citationMetadata");
  for (const std::string_view list : {"citationSources", "citations"}) {
    for (const auto source : recited.find(list).elements()) add(source, source, 0, text, out);
  }
  return out;
}

}  // namespace spidergate::providers::gemini
