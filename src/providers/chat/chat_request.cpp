#include "chat_request.hpp"

#include "request_reading.hpp"

#include <spidergate/json/reader.hpp>

#include <algorithm>

namespace spidergate::providers::chat {

namespace {

json::reader& request_reader() {
  thread_local json::reader reader;
  return reader;
}

}  // namespace

boost::system::result<void, refusal> read_chat_request(const model::inference_request& asked, chat_request& into) {
  auto& reader = request_reader();
  if (!reader.read(asked.body)) {
    return refusal{{}, "The request is not valid JSON: " + reader.failure().message + "."};
  }
  into.max_tokens = asked.max_tokens;
  into.choices = asked.choices;
  request_reading reading(into);
  if (!reading.run(reader.root())) return reading.take_failure();
  return {};
}

bool request_reading::run(json::value root) {
  into_.root = root;
  for (const auto& m : root.members()) {
    if (m.value.given() && !top_member(m)) return false;
  }
  // The newer names win where both are given.
  if (into_.tool_choice.is == tool_choice::kind::unset && function_call_.exists() &&
      !read_function_call(function_call_))
    return false;
  if (!into_.user.exists()) into_.user = safety_identifier_;
  return true;
}

bool request_reading::fail(std::string param, std::string_view what) {
  failure_.message = "Invalid '" + param + "': ";
  failure_.message.append(what).push_back('.');
  failure_.param = std::move(param);
  return false;
}

bool request_reading::top_member(const json::member& m) {
  if (m.name == "messages") return read_messages(m.value);
  if (m.name == "tools") return read_tools(m.value);
  if (m.name == "functions") return read_functions(m.value);
  if (m.name == "tool_choice") return read_tool_choice(m.value);
  if (m.name == "response_format") return read_format(m.value);
  if (m.name == "stop") return read_stop(m.value);
  if (m.name == "function_call") function_call_ = m.value;
  if (m.name == "safety_identifier" && m.value.is(json::kind::string)) safety_identifier_ = m.value;
  return reasoning_option(m) && option(m);
}

std::string place_of(const message& m) {
  return "messages[" + std::to_string(m.index) + "]";
}

std::string place_of(const message& m, std::size_t part_index) {
  std::string place = place_of(m) + ".content";
  if (part_index >= m.content.size() || !m.content[part_index].whole.exists()) return place;
  place.append("[").append(std::to_string(part_index)).append("]");
  const auto whole = m.content[part_index].whole;
  const auto type = whole.find("type").literal();
  if (!type.empty() && whole.find(type).exists()) place.append(".").append(type);
  return place;
}

std::string joined_text(const message& m, std::string_view between) {
  std::string text;
  bool first = true;
  for (const auto& p : m.content) {
    if (p.is != part::kind::text && p.is != part::kind::refusal) continue;
    if (!first) text.append(between);
    first = false;
    text.append(p.text.literal());
  }
  return text;
}

json::value called_name(const chat_request& in, json::value tool_call_id, std::size_t before) {
  const auto wanted = tool_call_id.literal();
  if (wanted.empty()) return {};
  for (std::size_t i = std::min(before, in.messages.size()); i-- > 0;) {
    for (const auto& call : in.messages[i].calls) {
      if (call.id.literal() == wanted) return call.name;
    }
  }
  return {};
}

void append_arguments(std::string& out, const tool_call& call) {
  if (call.arguments.is(json::kind::object)) {
    out.append(call.arguments.raw());
    return;
  }
  thread_local json::reader reader;
  std::string text = call.arguments.text();
  const std::size_t size = text.size();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    out.append("{}");
    return;
  }
  text.append(64, '\0');
  if (reader.read(std::string_view(text).substr(0, size), json::surrogates::any) &&
      reader.root().is(json::kind::object)) {
    out.append(reader.root().raw());
    return;
  }
  out.append(R"({"arguments":)").append(call.arguments.raw()).append("}");
}

std::int64_t budget_for(reasoning_wish::level effort, std::int64_t most_output_tokens) noexcept {
  constexpr std::int64_t least = 1024;
  const auto percent = [effort]() -> std::int64_t {
    switch (effort) {
      case reasoning_wish::level::minimal:
        return 10;
      case reasoning_wish::level::low:
        return 20;
      case reasoning_wish::level::unset:
      case reasoning_wish::level::medium:
        return 50;
      case reasoning_wish::level::high:
        return 80;
      case reasoning_wish::level::xhigh:
        return 95;
      case reasoning_wish::level::none:
        break;
    }
    return 0;
  }();
  if (percent == 0) return 0;
  const std::int64_t whole = std::max<std::int64_t>(most_output_tokens, 0);
  return std::max(least, whole / 100 * percent + whole % 100 * percent / 100);
}

}  // namespace spidergate::providers::chat
