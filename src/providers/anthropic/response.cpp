#include "../error_reading.hpp"
#include "../openai/openai_dialect.hpp"
#include "anthropic_dialect.hpp"
#include "reading.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/name_table.hpp>

#include <array>
#include <utility>

namespace spidergate::providers::anthropic {

namespace {

provider_error no_json(std::string_view body, const json::fault& why) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return not_an_answer("The provider answered with an empty body.");
  if (body[first] == '<') return not_an_answer("The provider answered with a page of HTML.");
  return not_an_answer("The provider's answer is not valid JSON: " + why.message + " at " +
                       json::place_of(body, why.offset) + ".");
}

constexpr json::name_table answer_names(std::to_array<std::string_view>({
    "id",
    "type",
    "error",
    "model",
    "content",
    "stop_reason",
    "stop_details",
    "usage",
}));
using answer_members = json::picked<answer_names>;

/// Reads the content blocks into one choice.
class blocks_reader {
 public:
  blocks_reader(const encoding_memo& memo, chat::answer_choice& choice) : memo_(memo), choice_(choice) {}

  void read(const answer_members& answer) {
    for (const auto block : answer["content"].elements()) on_block(block);
    choice_.native_finish = answer["stop_reason"].text().substr(0, 64);
    choice_.how = finish_of(choice_.native_finish);
    if (answered_by_tool_) {
      choice_.content_json = std::move(tool_answer_);
      choice_.annotations.clear();
      if (choice_.how == chat::finish::tool_calls && choice_.calls.empty()) {
        choice_.how = chat::finish::stop;
        choice_.native_finish.clear();
      }
    } else if (memo_.only_json) {
      choice_.content_json = std::string(without_fence(choice_.content_json));
    }
    if (choice_.how == chat::finish::content_filter && choice_.content_json.empty()) {
      choice_.refusal_json = answer["stop_details"].find("explanation").literal();
    }
    if (!documents_.empty()) choice_.extra = ",\"citations\":[" + documents_ + "]";
  }

 private:
  void on_block(json::value block) {
    const auto type = block.find("type").literal();
    if (type == "text") {
      on_text(block);
    } else if (type == "thinking") {
      on_thinking(block);
    } else if (type == "redacted_thinking") {
      if (memo_.hide_reasoning) return;
      choice_.reasoning_details.push_back(chat::reasoning_encrypted(block.find("data").literal(), {}, reasoning_format,
                                                                    choice_.reasoning_details.size()));
    } else if (type == "tool_use") {
      on_call(block);
    }
    // What Anthropic's own tools were asked and answered is no part of OpenAI's form.
  }

  void on_text(json::value block) {
    const auto text = block.find("text").literal();
    const auto start = position_;
    position_ += characters_in(text);
    choice_.content_json.append(text);
    for (const auto citation : block.find("citations").elements()) {
      auto annotation = annotation_of(citation, start, position_);
      if (!annotation.empty()) {
        choice_.annotations.push_back(std::move(annotation));
      } else if (citation.is(json::kind::object)) {
        documents_.append(documents_.empty() ? "" : ",").append(citation.raw());
      }
    }
  }

  void on_thinking(json::value block) {
    if (memo_.hide_reasoning) return;
    const auto text = block.find("thinking").literal();
    choice_.reasoning_json.append(text);
    choice_.reasoning_details.push_back(chat::reasoning_text(text, block.find("signature").literal(), reasoning_format,
                                                             choice_.reasoning_details.size()));
  }

  void on_call(json::value block) {
    const auto input = block.find("input");
    auto arguments = input.is(json::kind::object) ? as_literal(input) : std::string("{}");
    if (!memo_.answer_tool.empty() && block.find("name").literal() == memo_.answer_tool) {
      answered_by_tool_ = true;
      tool_answer_ = std::move(arguments);
      return;
    }
    choice_.calls.push_back(
        {std::string(block.find("id").literal()), std::string(block.find("name").literal()), std::move(arguments)});
  }

  const encoding_memo& memo_;
  chat::answer_choice& choice_;
  std::string documents_, tool_answer_;
  bool answered_by_tool_ = false;
  std::int64_t position_ = 0;
};

}  // namespace

boost::system::result<std::variant<client_answer, follow_up>, provider_error> anthropic_dialect::decode(
    const answer_input& in, std::string_view, std::string_view body) const {
  auto& reader = openai::thread_reader();
  body = json::without_bom(body);
  if (!reader.read(body, json::surrogates::any)) return no_json(body, reader.failure());
  const auto root = reader.root();
  if (!root.is(json::kind::object)) return not_an_answer("The provider's answer is JSON, but no object.");
  const answer_members members(root);
  if (members["type"].literal() == "error" || members["error"].is(json::kind::object)) return in_band_error(root);
  if (!members["content"].is(json::kind::array)) {
    if (looks_like_error(root)) return in_band_error(root);
    return not_an_answer("The provider's answer holds no 'content'.");
  }
  const auto memo = read_memo(in.memo);
  chat::answer said;
  said.id_json = members["id"].literal();
  said.model_json = members["model"].literal();
  token_counts counts;
  counts.read(members["usage"]);
  said.usage = counts.total();
  blocks_reader(memo, said.choices.emplace_back()).read(members);
  return {boost::system::in_place_value, std::in_place_type<client_answer>, chat::to_client(said, in)};
}

}  // namespace spidergate::providers::anthropic
