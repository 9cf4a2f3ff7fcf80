#include "../wire_headers.hpp"
#include "anthropic_dialect.hpp"
#include "messages_body.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/name_table.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace spidergate::providers::anthropic {

namespace {

using chat::drop;

// What is the Messages API's own, for clients that know it: sent as it came, but for output_config, which is written
// together with what the dialect says there.
constexpr json::name_table own_members(std::to_array<std::string_view>(
    {"cache_control", "container", "context_management", "inference_geo", "mcp_servers", "speed", "output_config"}));
// What a function may have beside its schema there.
constexpr std::array<std::string_view, 4> own_tool_members{"defer_loading", "input_examples", "allowed_callers",
                                                           "eager_input_streaming"};
// Tools that want to be named in anthropic-beta; elsewhere than at Anthropic most of these names are refused.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> tool_betas{
    {{"computer_20241022", "computer-use-2024-10-22"},
     {"computer_20250124", "computer-use-2025-01-24"},
     {"computer_20251124", "computer-use-2025-11-24"},
     {"code_execution_20250522", "code-execution-2025-05-22"},
     {"code_execution_20250825", "code-execution-2025-08-25"},
     {"web_fetch_20250910", "web-fetch-2025-09-10"},
     {"memory_20250818", "context-management-2025-06-27"},
     {"mcp_toolset", "mcp-client-2025-11-20"}}};
// What this dialect says in its own words, or drops by itself.
constexpr std::array<std::string_view, 31> carried{"max_tokens",
                                                   "max_completion_tokens",
                                                   "temperature",
                                                   "top_p",
                                                   "top_k",
                                                   "stop",
                                                   "tools",
                                                   "functions",
                                                   "tool_choice",
                                                   "function_call",
                                                   "parallel_tool_calls",
                                                   "response_format",
                                                   "reasoning_effort",
                                                   "reasoning",
                                                   "thinking",
                                                   "enable_thinking",
                                                   "thinking_budget",
                                                   "include_reasoning",
                                                   "user",
                                                   "safety_identifier",
                                                   "metadata",
                                                   "service_tier",
                                                   "verbosity",
                                                   "web_search_options",
                                                   "cache_control",
                                                   "container",
                                                   "context_management",
                                                   "inference_geo",
                                                   "mcp_servers",
                                                   "speed",
                                                   "output_config"};

std::optional<double> number_of(json::value v) {
  if (!v.is(json::kind::number)) return std::nullopt;
  double number = 0;
  const auto text = v.raw();
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool only_white(std::string_view literal) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] == ' ') continue;
    if (literal[i] != '\\' || i + 1 == literal.size()) return false;
    const char escaped = literal[++i];
    if (escaped != 'n' && escaped != 't' && escaped != 'r') return false;
  }
  return true;
}

class body_writer {
 public:
  body_writer(const encode_input& in, const chat::chat_request& asked, const hosting& at, const plan& decided,
              wire_request& wire, std::vector<std::string_view>& betas)
      : in_(in),
        asked_(asked),
        at_(at),
        plan_(decided),
        wire_(wire),
        betas_(betas),
        own_(asked.root),
        out_(in.asked.body) {}

  boost::system::result<void, refusal> run() {
    out_.raw("{");
    if (at_.names_model) out_.member("model").string(in_.model);
    if (!at_.version.empty()) out_.member("anthropic_version").string(at_.version);
    out_.member("max_tokens").number(plan_.max_tokens);
    conversation_writer conversation(out_, in_, asked_, at_, betas_);
    if (auto written = conversation.system(plan_.instruction); !written) return written;
    if (auto written = conversation.messages(); !written) return written;
    if (auto written = tools(); !written) return written;
    tool_choice();
    thinking();
    output_config();
    sampling();
    stop();
    metadata();
    for (std::size_t place = 0; place < own_members["output_config"]; ++place) {
      if (const auto v = own_.at(place); v.given()) out_.member(own_members.name(place)).raw(v.raw());
    }
    if (in_.asked.stream && at_.names_stream) out_.member("stream").raw("true");
    out_.raw("}");
    out_.move_to(wire_);
    return {};
  }

 private:
  boost::system::result<void, refusal> tools() {
    const bool answer_tool = plan_.answer == plan::format::tool;
    if (!plan_.has_tools && !answer_tool && !plan_.tools_from_history) return {};
    out_.member("tools").raw("[");
    for (const auto* t : plan_.tools) function(*t);
    for (const auto v : asked_.other_tools) {
      if (!own_tool(v)) return chat::cannot(in_, "tools", "knows no tool of type '" + v.find("type").text() + "'");
    }
    if (asked_.web_search_options.given()) web_search();
    if (answer_tool) {
      out_.element(R"({"name":)").literal(plan_.answer_tool).member("description");
      const auto& description = asked_.format.description;
      out_.literal(description.exists() ? description.literal() : "Gives the answer in the form that was asked for.");
      input_schema(plan_.schema);
      out_.raw("}");
    }
    if (plan_.tools_from_history) tools_of_history();
    out_.raw("]");
    return {};
  }

  void function(const chat::tool& t) {
    out_.element(R"({"name":)").literal(t.name.literal());
    if (t.description.exists()) out_.member("description").literal(t.description.literal());
    const bool strict = t.strict.boolean() == true;
    if (strict && at_.structured_outputs && plan_.can.structured_outputs && fits_structured_outputs(t.parameters)) {
      std::string schema;
      append_structured_schema(schema, t.parameters);
      out_.member("input_schema").raw(schema).member("strict").raw("true");
    } else {
      if (strict) drop(wire_, "tools.function.strict");
      input_schema(t.parameters);
    }
    for (const auto name : own_tool_members) {
      if (const auto v = t.whole.find(name); v.given()) out_.member(name).raw(v.raw());
    }
    if (t.cache_control.exists()) out_.member("cache_control").raw(t.cache_control.raw());
    out_.raw("}");
  }

  /// The schema's top level has to say that it is an object.
  void input_schema(json::value parameters) {
    out_.member("input_schema");
    if (!parameters.exists() || parameters.empty()) {
      out_.raw(R"({"type":"object","properties":{}})");
    } else if (parameters.find("type").exists()) {
      out_.raw(parameters.raw());
    } else {
      out_.raw(R"({"type":"object",)").raw(parameters.raw().substr(1));
    }
  }

  /// Tools that Anthropic runs or defines carry a date in their type ("web_fetch_20250910").
  bool own_tool(json::value v) {
    const auto type = v.find("type").literal();
    if (type == "web_search" || type == "web_search_preview") {
      out_.element(R"({"type":"web_search_20250305","name":"web_search"})");
      return true;
    }
    const auto date = type.rfind("_20");
    const bool dated = date != std::string_view::npos && type.size() == date + 9;
    if (!dated && type != "mcp_toolset" && !type.starts_with("tool_search_tool_")) return false;
    for (const auto& [tool, beta] : tool_betas) {
      if (type != tool || !(at_.file_ids || tool.starts_with("computer_"))) continue;
      if (std::find(betas_.begin(), betas_.end(), beta) == betas_.end()) betas_.push_back(beta);
    }
    out_.element(v.raw());
    return true;
  }

  void web_search() {
    out_.element(R"({"type":"web_search_20250305","name":"web_search")");
    const auto options = asked_.web_search_options;
    if (options.find("search_context_size").given()) drop(wire_, "web_search_options.search_context_size");
    const auto place = options.find("user_location");
    const auto approximate = place.find("approximate").is(json::kind::object) ? place.find("approximate") : place;
    if (approximate.is(json::kind::object)) {
      out_.member("user_location").raw(R"({"type":"approximate")");
      for (const std::string_view name : {"city", "region", "country", "timezone"}) {
        if (const auto v = approximate.find(name); v.is(json::kind::string)) out_.member(name).literal(v.literal());
      }
      out_.raw("}");
    }
    out_.raw("}");
  }

  /// Earlier turns with calls want tools to be declared, even when none may be called any more.
  void tools_of_history() {
    std::vector<std::string_view> names;
    for (const auto& m : asked_.messages) {
      for (const auto& call : m.calls) {
        const auto name = call.name.literal();
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        names.push_back(name);
        out_.element(R"({"name":)").literal(name).member("input_schema").raw(R"({"type":"object"}})");
      }
    }
  }

  void tool_choice() {
    using choice = plan::choice;
    auto choose = plan_.choose;
    if (plan_.tools_from_history) choose = choice::none;
    if (choose == choice::unsaid && !plan_.one_call) return;
    out_.member("tool_choice");
    switch (choose) {
      case choice::none:
        out_.raw(R"({"type":"none"})");
        return;
      case choice::any:
        out_.raw(R"({"type":"any")");
        break;
      case choice::named:
        out_.raw(R"({"type":"tool","name":)").literal(plan_.chosen);
        break;
      case choice::unsaid:
      case choice::automatic:
        out_.raw(R"({"type":"auto")");
        break;
    }
    if (plan_.one_call) out_.member("disable_parallel_tool_use").raw("true");
    out_.raw("}");
  }

  void thinking() {
    switch (plan_.how) {
      case plan::thinking::unsaid:
        return;
      case plan::thinking::disabled:
        out_.member("thinking").raw(R"({"type":"disabled"})");
        return;
      case plan::thinking::budget:
        out_.member("thinking").raw(R"({"type":"enabled","budget_tokens":)").number(plan_.budget_tokens).raw("}");
        return;
      case plan::thinking::adaptive:
        break;
    }
    // The models that take no budget leave the text of their thinking out unless asked for it.
    const bool ask_for_text = !plan_.can.budgets && !plan_.hide_reasoning;
    out_.member("thinking")
        .raw(ask_for_text ? R"({"type":"adaptive","display":"summarized"})" : R"({"type":"adaptive"})");
  }

  void output_config() {
    const bool native = plan_.answer == plan::format::native;
    const auto own = own_["output_config"];
    if (plan_.effort.empty() && !native && !own.is(json::kind::object)) return;
    out_.member("output_config").raw("{");
    for (const auto& m : own.members()) {
      const bool said = m.name == "effort" ? !plan_.effort.empty() : m.name == "format" && native;
      if (!said) out_.member(m.name).raw(m.value.raw());
    }
    if (!plan_.effort.empty()) out_.member("effort").string(plan_.effort);
    if (native) {
      std::string schema;
      append_structured_schema(schema, plan_.schema);
      out_.member("format").raw(R"({"type":"json_schema","schema":)").raw(schema).raw("}");
    }
    out_.raw("}");
  }

  void sampling() {
    const auto temperature = number_of(asked_.temperature);
    const auto top_p = number_of(asked_.top_p);
    const bool thinks = plan_.thinks();
    const auto& can = plan_.can;
    bool warm = false;
    if (temperature && (can.no_sampling || (thinks && *temperature != 1))) {
      drop(wire_, "temperature");
    } else if (temperature) {
      warm = true;
      // OpenAI's scale ends at 2, this one at 1.
      out_.member("temperature").raw(*temperature > 1 ? "1" : asked_.temperature.raw());
    }
    if (top_p && (can.no_sampling || (warm && can.one_sampling_only) || (thinks && *top_p < 0.95))) {
      if (*top_p != 1) drop(wire_, "top_p");
    } else if (top_p) {
      out_.member("top_p").raw(asked_.top_p.raw());
    }
    if (!asked_.top_k.given()) return;
    if (can.no_sampling || thinks || !asked_.top_k.whole_number()) {
      drop(wire_, "top_k");
    } else {
      out_.member("top_k").raw(asked_.top_k.raw());
    }
  }

  void stop() {
    bool any = false;
    for (const auto one : asked_.stop) {
      if (only_white(one.literal())) {
        drop(wire_, "stop");
        continue;
      }
      if (!any) out_.member("stop_sequences").raw("[");
      any = true;
      std::string quoted = "\"";
      quoted.append(one.literal()).push_back('"');
      out_.element(quoted);
    }
    if (any) out_.raw("]");
  }

  void metadata() {
    constexpr std::size_t longest_user = 256;
    const auto user_id = asked_.metadata.find("user_id");
    const bool own = user_id.is(json::kind::string);
    const auto user = own ? user_id : asked_.user;
    for (const auto& m : asked_.metadata.members()) {
      if (m.name != "user_id" || !own) drop(wire_, "metadata");
    }
    if (user.is(json::kind::string) && !user.literal().empty()) {
      if (user.text().size() <= longest_user) {
        out_.member("metadata").raw(R"({"user_id":)").literal(user.literal()).raw("}");
      } else {
        drop(wire_, own ? "metadata" : asked_.root.find("user").given() ? "user" : "safety_identifier");
      }
    }
    const auto tier = asked_.service_tier.literal();
    if (tier == "default" || tier == "standard_only") {
      out_.member("service_tier").raw(R"("standard_only")");
    } else if (tier == "auto") {
      out_.member("service_tier").raw(R"("auto")");
    } else if (!tier.empty()) {
      drop(wire_, "service_tier");
    }
  }

  const encode_input& in_;
  const chat::chat_request& asked_;
  const hosting& at_;
  const plan& plan_;
  wire_request& wire_;
  std::vector<std::string_view>& betas_;
  const json::picked<own_members> own_;
  body_pieces out_;
};

/// What messages have that Claude does not know of.
void drop_in_messages(const chat::chat_request& asked, wire_request& wire) {
  for (const auto& m : asked.messages) {
    if (m.from != chat::message::role::tool && !m.name.literal().empty()) drop(wire, "messages[].name");
    for (const auto& p : m.content) {
      const auto detail = p.what.detail.literal();
      if (!detail.empty() && detail != "auto") drop(wire, "messages[].content[].image_url.detail");
    }
  }
}

}  // namespace

boost::system::result<void, refusal> write_messages_body(const encode_input& in, const hosting& at, wire_request& wire,
                                                         std::vector<std::string_view>& betas) {
  chat::chat_request asked;
  asked.keeps_other_tools = true;
  if (auto read = chat::read_chat_request(in.asked, asked); !read) return read;
  if (auto dropped = chat::drop_others(in, carried, wire); !dropped) return dropped;
  drop_in_messages(asked, wire);
  auto decided = make_plan(in, asked, at, wire);
  if (!decided) return std::move(decided).error();
  if (auto written = body_writer(in, asked, at, *decided, wire, betas).run(); !written) return written;
  wire.memo = write_memo({.answer_tool = decided->answer_tool,
                          .only_json = decided->answer == plan::format::words,
                          .hide_reasoning = decided->hide_reasoning});
  return {};
}

std::string anthropic_headers(const encode_input& in, const std::vector<std::string_view>& betas,
                              std::string_view version) {
  std::string out;
  out.reserve(256);
  out.append(in.asked.stream ? "accept: text/event-stream\r\n" : "accept: application/json\r\n");
  append_credential(out, in.provider, in.secret);
  std::vector<std::pair<std::string, std::string>> others;
  std::string said_version(version), said_betas;
  for (const auto& [name, value] : in.forwarded_headers) {
    if (iequals(name, "anthropic-version")) {
      if (!version.empty()) said_version = value;
    } else if (iequals(name, "anthropic-beta")) {
      said_betas = value;
    } else {
      others.emplace_back(name, value);
    }
  }
  for (const auto beta : betas) {
    if (said_betas.find(beta) != std::string::npos) continue;
    if (!said_betas.empty()) said_betas.push_back(',');
    said_betas.append(beta);
  }
  if (!said_version.empty()) append_header(out, "anthropic-version", "", said_version);
  if (!said_betas.empty()) append_header(out, "anthropic-beta", "", said_betas);
  append_forwarded(out, {in.asked, in.provider, in.base_path, in.model, in.secret, others});
  return out;
}

boost::system::result<wire_request, refusal> anthropic_dialect::encode(const encode_input& in) const {
  constexpr std::string_view version = "2023-06-01";
  boost::system::result<wire_request, refusal> encoded(boost::system::in_place_value);
  auto& wire = *encoded;
  std::vector<std::string_view> betas;
  if (auto written = write_messages_body(in, {}, wire, betas); !written) {
    encoded = std::move(written).error();
    return encoded;
  }
  // A base URL may carry a query, which stays behind the path.
  const std::size_t query = std::min(in.base_path.find('?'), in.base_path.size());
  wire.target.append(in.base_path.substr(0, query)).append("/messages").append(in.base_path.substr(query));
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers = anthropic_headers(in, betas, version);
  return encoded;
}

}  // namespace spidergate::providers::anthropic
